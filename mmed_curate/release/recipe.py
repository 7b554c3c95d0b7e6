"""What a release says about itself, read from `pipelines/release/`: title, authors, licence, the data card's words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from mmed_curate.domain.files import opened_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.yamlfile import Declared, read_yaml

Text = Annotated[str, Field(min_length=1)]


class Licence(Declared):
    """Under which terms a release may be used."""

    name: Text
    text: Text


class Split(Declared):
    """Parts of the subjects that the fixed split keeps from training."""

    validation: Annotated[float, Field(gt=0, lt=1)]
    test: Annotated[float, Field(gt=0, lt=1)]


class Groups(Declared):
    """What is told of subjects, one by one under their pseudonyms."""

    at_least: Annotated[int, Field(ge=2)]
    """Subjects that share every combination of what is told."""
    attributes: tuple[Literal["sex", "age_band", "glasses", "beard", "ethnicity", "language"], ...]
    """In the order in which they are taken; a later one that would tell somebody apart is left out."""


class Datasheet(Declared):
    """What only the lab knows of how the data came about: questions of Gebru et al. 2021; None: the card says so."""

    funding: Text | None
    recruited: Text | None
    """How the people recorded were found, and what they got for it."""
    collected: Text | None
    """Over what time and where, as coarsely as the people in it may be told."""
    experts: Text | None
    """Who judged, how they were trained, what they got for it."""
    ethics: Text | None
    """Which board looked at it, with the number of its decision."""
    asked: Text | None
    """How people were told of the recording and asked for consent, and how they take it back."""
    impact: Text | None
    """What was done to find out what the data may do to the people in them."""
    distribution: Text
    maintenance: Text


class ReleaseRecipe(Declared):
    """The words of a release."""

    format: Literal["mmed-release-recipe"]
    version: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """Short name of the dataset; folders and citations use it."""
    title: Text
    authors: Annotated[tuple[Text, ...], Field(min_length=1)]
    contact: Text | None
    """Where to write to; None: nowhere yet."""
    publisher: Text
    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None
    """Where the dataset has its page; None: nowhere yet."""
    keywords: Annotated[tuple[Text, ...], Field(min_length=1)]
    licence: Licence
    archival: bool
    """Lossless copies go out too, where consent allows the picture; they are about 30 times as large."""
    splits: Split
    groups: Groups | None = None
    """None: nothing is told of any one subject."""
    motivation: Text
    collection: Text
    uses: tuple[Text, ...]
    not_for: Annotated[tuple[Text, ...], Field(min_length=1)]
    """First a sentence that stands by itself, then what the dataset is not for."""
    limits: tuple[Text, ...]
    datasheet: Datasheet


def load_release_recipe(name_or_path: str) -> ReleaseRecipe:
    """Read a packaged recipe by name, or any by its path.

    Raises:
        BadInput: there is none of that name, or the file has a mistake.
    """
    path = named_or_path(name_or_path, "pipelines", "release")
    return read_yaml(path, ReleaseRecipe)


def read_licence(path: Path) -> Licence:
    """A licence from a lab's own text file; its name is the first line.

    Raises:
        BadInput: the file is missing, empty, or not UTF-8 text.
    """
    try:
        with opened_text(path) as stream:  # line ends become line feeds
            text = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput.of(
            "release.licence", f"{path} cannot be read ({error})", "give the licence as a UTF-8 text file"
        ) from error
    if not text.strip():
        raise BadInput.of("release.licence", f"{path} is empty", "give the licence as a UTF-8 text file")
    return Licence(name=text.strip().splitlines()[0].strip(), text=text.rstrip("\n") + "\n")
