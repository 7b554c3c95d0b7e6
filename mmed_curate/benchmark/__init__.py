"""AMF-Net and its ablations, leave-one-subject-out, on a sealed release."""
