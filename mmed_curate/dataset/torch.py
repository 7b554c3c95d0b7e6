"""Clips as a map-style dataset of torch, and how to put them together in batches. The only room here that knows torch.

```python
clips = data.to_torch(label="emotion_class", soft=True)
batches = torch.utils.data.DataLoader(clips, batch_size=16, collate_fn=clips.collate)
```
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmed_curate.dataset.arraynames import TIME_AXIS_OF, array_of, check_names, lacking
from mmed_curate.dataset.clip import ReleasedClip
from mmed_curate.dataset.targets import Targets
from mmed_curate.domain.findings import BadInput

try:
    import torch
    from torch.utils.data import Dataset
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise BadInput.of("dataset.no_torch", "to_torch() needs torch", "pip install 'mmed-curate[benchmark]'") from error

Item = dict[str, Any]


class ClipsForTorch(Dataset[Item]):
    """Clips in the order given, each read and held against the seal when it is asked for, also by workers.

    An item holds `clip` and `subject` (text), each array by its name, and `label` where one is asked for: an index
    (int64), or one number for each class (float32).
    """

    def __init__(self, clips: Sequence[ReleasedClip], *, arrays: Sequence[str], targets: Targets | None) -> None:
        """Take those clips that have every array and a label.

        Args:
            clips: in the order that they shall have.
            arrays: names, see docs/arrays.md.
            targets: labels; None: none.

        Raises:
            BadInput: there is no such array.
        """
        check_names(arrays)
        self.arrays = tuple(arrays)
        self.targets = targets
        self.left_out: dict[str, str] = {}
        """Why a clip is not among the items, by its name."""
        self._clips = []
        for clip in clips:
            why = lacking(clip.row, arrays)
            if why is None and targets is not None:
                why = targets.left_out.get(clip.name)
            if why is None:
                self._clips.append(clip)
            else:
                self.left_out[clip.name] = why

    @property
    def classes(self) -> tuple[str, ...]:
        """What a label's index, or a place in it, stands for; empty without labels."""
        return () if self.targets is None else self.targets.classes

    @property
    def clips(self) -> tuple[str, ...]:
        """Names of the items, in their order."""
        return tuple(clip.name for clip in self._clips)

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: int) -> Item:
        """One clip.

        Raises:
            IndexError: there are not so many.
            BadInput: a file is missing, is not what was sealed, or lacks an array.
        """
        clip = self._clips[index]
        item: Item = {"clip": clip.name, "subject": clip.subject}
        read: dict[str, Mapping[str, Any]] = {}
        for name in self.arrays:
            item[name] = torch.from_numpy(array_of(clip, name, read).copy())
        if self.targets is not None:
            target = self.targets.of[clip.name]
            kind = torch.int64 if isinstance(target, int) else torch.float32
            item["label"] = torch.tensor(target, dtype=kind)
        return item

    @property
    def collate(self) -> Callable[[Sequence[Item]], Item]:
        """For a DataLoader: see `collate`."""
        return collate


def collate(items: Sequence[Item]) -> Item:
    """A batch: text as lists, arrays stacked; what runs over time is padded with zeros at its end.

    Beside each array that runs over time stands how long each one is: `log_mel` (B, 64, longest) has
    `log_mel_length` (B,) int64.

    Args:
        items: at least one.
    """
    batch: Item = {}
    for name, first in items[0].items():
        values = [item[name] for item in items]
        if not isinstance(first, torch.Tensor):
            batch[name] = values
        elif (axis := TIME_AXIS_OF.get(name)) is None:
            batch[name] = torch.stack(values)
        else:
            lengths = [value.shape[axis] for value in values]
            batch[name] = torch.stack([_padded(value, axis, max(lengths)) for value in values])
            batch[f"{name}_length"] = torch.tensor(lengths, dtype=torch.int64)
    return batch


def _padded(value: torch.Tensor, axis: int, length: int) -> torch.Tensor:
    shape = list(value.shape)
    shape[axis] = length - shape[axis]
    return torch.cat([value, value.new_zeros(shape)], dim=axis)
