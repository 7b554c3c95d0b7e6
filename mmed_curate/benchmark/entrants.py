"""Who enters the benchmark: our designs, rivals from the literature, and networks of researchers' own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from torch import nn

from mmed_curate.benchmark.amfnet import AMFNet, Design
from mmed_curate.benchmark.rivals import STSTNet
from mmed_curate.domain.findings import BadInput

STSTNET = "ststnet-style"
ANY_ERROR = (Exception, SystemExit)
"""What code of somebody's own may raise; one that ends the process is no better than one that breaks."""


@contextmanager
def printing_aside() -> Iterator[None]:
    """What code of somebody's own prints goes to stderr: stdout holds the report, for people or as JSON."""
    with redirect_stdout(sys.stderr):
        yield


@dataclass(frozen=True, slots=True)
class Entrant:
    """A network by name; the same name builds the same network in any process."""

    name: str
    """Of a `Design`, `ststnet-style`, or `module:Class` of one's own."""

    def __post_init__(self) -> None:
        module, colon, attribute = self.name.partition(":")
        if colon and (not all(part.isidentifier() for part in module.split(".")) or not attribute.isidentifier()):
            raise BadInput.of(
                "benchmark.model_name",
                f"{self.name} names no class",
                "write module:Class, such as my_module:MyNet for the class MyNet of my_module.py in this folder",
            )
        ours = (*(design.value for design in Design), STSTNET)
        if not colon and self.name not in ours:
            raise BadInput.of(
                "benchmark.no_entrant",
                f"there is no network {self.name}",
                f"choose one of {', '.join(ours)}, or name a class of your own as module:Class",
            )

    @property
    def is_own(self) -> bool:
        """Whether it is a class that somebody brought."""
        return ":" in self.name

    @property
    def hears(self) -> bool:
        """Whether sound can change what it answers."""
        return self.is_own or (self.name != STSTNET and Design(self.name).hears)

    @property
    def sees(self) -> bool:
        """Whether the picture can change what it answers."""
        return self.is_own or self.name == STSTNET or Design(self.name).sees

    def build(self, n_classes: int, word_size: int) -> nn.Module:
        """A network with fresh first weights, drawn from torch's generator.

        Raises:
            BadInput: there is no such class, or it cannot be made.
        """
        if self.name == STSTNET:
            return STSTNet(n_classes)
        if not self.is_own:
            return AMFNet(n_classes, Design(self.name), word_size=word_size)
        return _made(self.name, own_class(self.name), n_classes)


def own_class(name: str) -> Callable[[int], nn.Module]:
    """The class that `module:Class` names; the module is looked for in the current folder too. This runs its code.

    Raises:
        BadInput: there is no such module or class.
    """
    module, _, attribute = name.partition(":")
    try:
        with printing_aside():
            found: Callable[[int], nn.Module] = getattr(_imported(module), attribute)
    except ANY_ERROR as error:  # a script of one's own may end the process when it is imported
        raise BadInput.of(
            "benchmark.model",
            f"{name} cannot be imported ({type(error).__name__}: {error})",
            _import_remedy(module, error),
        ) from error
    if not callable(found):
        raise BadInput.of(
            "benchmark.model", f"{name} is a {type(found).__name__} and no class", "name a class as module:Class"
        )
    return found


def module_file(name: str) -> Path | None:
    """Where the module of `module:Class` lies; None: it has no file.

    Raises:
        BadInput: there is no such module.
    """
    own_class(name)
    file = _imported(name.partition(":")[0]).__file__
    return None if file is None else Path(file)


def _import_remedy(module: str, error: BaseException) -> str:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing is not None and not f"{module}.".startswith(f"{missing}."):
        return f"install {missing}, which {module} imports, beside mmed-curate, or take that import out"
    return "name a class as module:Class, where Python finds module from this folder"


def _imported(module: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return importlib.import_module(module)


def _made(name: str, make: Callable[[int], nn.Module], n_classes: int) -> nn.Module:
    try:
        with printing_aside():
            network = make(n_classes)
    except ANY_ERROR as error:
        raise BadInput.of(
            "benchmark.model",
            f"{name}({n_classes}) cannot be made ({type(error).__name__}: {error})",
            "give the class a constructor that takes the number of classes",
        ) from error
    if not isinstance(network, nn.Module):
        raise BadInput.of(
            "benchmark.model", f"{name} makes a {type(network).__name__}", "let it make a torch.nn.Module"
        )
    return network
