"""Networks that researchers bring: asked with care, and tried on one batch before anything is trained.

A network of one's own is a `torch.nn.Module` whose constructor takes the number of classes and whose `forward` takes
`Clips` and gives logits (B, C), as a tensor or as `Logits`. Whatever goes wrong inside it is said in one sentence that
names the class.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from mmed_curate.benchmark.amfnet import Clips, Logits
from mmed_curate.benchmark.entrants import ANY_ERROR, Entrant, module_file, printing_aside
from mmed_curate.domain.findings import BadInput

TRIED = 8
"""Clips of the batch that a network is tried on; as many as there are, where there are fewer."""
ALIKE = 1e-3
"""Answers of one clip, asked alone and among others, may differ by this much of the largest one: float32 rounding."""


@contextmanager
def chance_begun_at(seed: int) -> Iterator[None]:
    """Chance as torch, NumPy and `random` draw it begins anew from a seed; afterwards it goes on as before."""
    numpy_state, plain_state = np.random.get_state(), random.getstate()
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    with torch.random.fork_rng(devices=list(devices)):
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(numpy_state)
            random.setstate(plain_state)


def as_logits(said: Tensor | Logits) -> Logits:
    """What a network says, with nothing of single modalities where it tells no more than an answer."""
    return said if isinstance(said, Logits) else Logits(answer=said, visual=None, sound=None)


def asked(entrant: Entrant, network: nn.Module, clips: Clips, n_classes: int, *, when: str = "") -> Logits:
    """What a network of one's own says of B clips.

    Args:
        entrant: whose class it is.
        network: the network.
        clips: B of them.
        n_classes: C.
        when: added to a complaint, such as ", for clips without sound".

    Raises:
        BadInput: it breaks, or gives anything but finite logits (B, C).
    """
    try:
        with printing_aside():
            said = network(clips)
    except ANY_ERROR as error:
        raise broke_in(entrant, f"in forward{when}", error) from error
    if not isinstance(said, (Tensor, Logits)):
        raise _unlike(entrant, f"a {type(said).__name__}", when)
    logits = as_logits(said)
    expected = (len(clips.flow), n_classes)
    for part in (logits.answer, *(one for one in (logits.visual, logits.sound) if one is not None)):
        if not isinstance(part, Tensor) or not part.is_floating_point():
            raise _unlike(entrant, f"a {type(part).__name__} that holds no logits", when)
        if tuple(part.shape) != expected:
            raise _unlike(entrant, f"logits of shape {tuple(part.shape)} where {expected} is expected", when)
        if not torch.isfinite(part).all():
            raise BadInput.of(
                "benchmark.not_finite",
                f"{entrant.name} gave logits that are no finite numbers{when}",
                "look for a division by zero, or a mean or softmax over nothing, in the network, or lower "
                "learning_rate in the settings",
            )
    return logits


def try_own(entrant: Entrant, clips: Clips, n_classes: int, *, seed: int, silence: bool) -> None:
    """Try a network of one's own on one batch: everything that would stop hours of training is said now.

    Args:
        entrant: a class that somebody brought.
        clips: those of the benchmark; the first few are tried.
        n_classes: C.
        seed: of its first weights.
        silence: whether it will meet clips without sound.

    Raises:
        BadInput: the class cannot be made, has nothing to learn, breaks, answers in another shape or with numbers that
            are not finite, breaks without sound, gives no gradient, or lets the clips of a batch decide on each other.
    """
    try:
        with printing_aside():
            _try_own(entrant, clips, n_classes, seed=seed, silence=silence)
    except BadInput:
        raise
    except ANY_ERROR as error:  # in train, eval or to, which are its own too
        raise broke_in(entrant, "when it was tried", error) from error


def _try_own(entrant: Entrant, clips: Clips, n_classes: int, *, seed: int, silence: bool) -> None:
    some = clips.of(torch.arange(min(TRIED, len(clips.flow)), device=clips.flow.device))
    tried = [(some, "")]
    if silence:
        tried.append((some._replace(sound_mask=torch.zeros_like(some.sound_mask)), ", for clips without sound"))
    with chance_begun_at(seed):
        network = entrant.build(n_classes, clips.words.shape[2])
        _check_parameters(entrant, network)
        network = network.to(dtype=clips.flow.dtype, device=clips.flow.device).train()
        for batch, which in tried:
            answer = asked(entrant, network, batch, n_classes, when=f" in training{which}").answer
            _check_gradient(entrant, network, answer, f" in training{which}")
        network.eval()
        with torch.no_grad():
            for batch, which in tried:
                asked(entrant, network, batch, n_classes, when=which)
            together, again = (asked(entrant, network, some, n_classes).answer for _ in range(2))
            first = torch.zeros(1, dtype=torch.long, device=clips.flow.device)
            alone = asked(entrant, network, some.of(first), n_classes, when=", for one clip alone").answer[0]
    if not torch.equal(together, again):
        return  # it draws while it answers, so that nothing can be told from one answer beside another
    if (alone - together[0]).abs().max() > ALIKE * together[0].abs().max().clamp(min=1):
        raise BadInput.of(
            "benchmark.model_batch",
            f"{entrant.name} answers a clip otherwise when other clips are asked with it, so left-out clips would tell "
            "it of each other",
            "let it use running statistics when it does not train (track_running_stats), and no mean over the batch",
        )


def broke_in(entrant: Entrant, where: str, error: BaseException) -> BadInput:
    """The sentence for an error of a class of one's own."""
    said = " ".join(str(error).split())[:300]
    return BadInput.of(
        "benchmark.model_broke",
        f"{entrant.name} broke {where} ({type(error).__name__}{said and ': '}{said})",
        "mend the class, and try it on a few clips",
    )


def source_digest(entrant: Entrant) -> str:
    """Of the text of every module in the folder of the class: what an interrupted run has kept holds for that alone.

    Raises:
        BadInput: there is no such module.
    """
    digest = hashlib.sha256()
    file = module_file(entrant.name)
    for path in sorted(file.parent.glob("*.py")) if file is not None else ():
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _check_parameters(entrant: Entrant, network: nn.Module) -> None:
    if any(is_lazy(one) for one in network.parameters()):
        raise BadInput.of(
            "benchmark.model_lazy",
            f"{entrant.name} has lazy layers, whose size is not known before the first clip",
            "give every layer its size in the constructor",
        )
    if not any(one.requires_grad and one.numel() for one in network.parameters()):
        raise BadInput.of(
            "benchmark.model_no_parameters",
            f"{entrant.name} has no parameters to learn",
            "make its layers in the constructor, as attributes of the module",
        )


def _check_gradient(entrant: Entrant, network: nn.Module, answer: Tensor, when: str) -> None:
    if not answer.requires_grad:
        raise BadInput.of(
            "benchmark.model_no_gradient",
            f"what {entrant.name} answers does not depend on its parameters{when}",
            "keep to tensors in forward, without detach, no_grad, item or numpy",
        )
    try:
        answer.square().sum().backward()  # type: ignore[no-untyped-call]
    except ANY_ERROR as error:
        raise broke_in(entrant, f"when its gradient was asked for{when}", error) from error
    if not all(torch.isfinite(one.grad).all() for one in network.parameters() if one.grad is not None):
        raise BadInput.of(
            "benchmark.not_finite",
            f"the gradient of {entrant.name} is no finite number{when}",
            "look for a division by zero, a root of zero, or a mean or softmax over nothing, in the network",
        )
    network.zero_grad()


def _unlike(entrant: Entrant, got: str, when: str) -> BadInput:
    return BadInput.of(
        "benchmark.model_shape",
        f"{entrant.name} gave {got}{when}",
        "return logits (clips, classes) from forward, as a tensor or as Logits",
    )
