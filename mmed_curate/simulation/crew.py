"""Who the simulated coders are and how reliable each is, read from `pipelines/simulation/coders.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mmed_curate.domain.codebook import Code, Codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.protocol import Role
from mmed_curate.domain.yamlfile import Declared, read_yaml
from mmed_curate.simulation.truth import Kind

Probability = Annotated[float, Field(ge=0, le=1)]
Frames = Annotated[float, Field(ge=0)]


class Ability(Declared):
    """How reliable a judge is; the comments in the YAML say what each number is."""

    accepts_event: Probability
    rejects_nothing: Probability
    sees: Probability
    invents: Probability
    emotion_right: Probability
    confusions: Mapping[Code, Mapping[Code, Annotated[float, Field(gt=0)]]]
    onset_jitter: Frames
    apex_jitter: Frames
    offset_jitter: Frames
    onset_bias: float = 0
    """Frames by which onsets are marked late on average (negative: early)."""
    action_unit_missed: Probability
    action_unit_added: Probability
    cue_missed: Probability
    cue_jitter: Frames
    accepts_right: Probability
    catches_wrong: Probability
    gives_up_after: Annotated[int, Field(ge=1)]


class Member(Declared):
    """One simulated coder."""

    code: Annotated[str, Field(pattern=r"^sim-")]
    """Named simulated, wherever it appears."""
    roles: Annotated[frozenset[Role], Field(min_length=1)]
    ability: str


class Profile(Declared):
    """A crew and its abilities."""

    crew: Annotated[tuple[Member, ...], Field(min_length=1)]
    abilities: Mapping[str, Ability]

    @model_validator(mode="after")
    def _names_lead_somewhere(self) -> Profile:
        codes = [member.code for member in self.crew]
        if len(set(codes)) != len(codes):
            raise ValueError("a code stands twice in the crew")
        for member in self.crew:
            if member.ability not in self.abilities:
                raise ValueError(f"{member.code} names the ability {member.ability}, which is not in abilities")
        return self


class CoderSettings(Declared):
    """What all simulated coders have in common, and the profiles to choose from."""

    format: Literal["mmed-simulated-coders"]
    version: Literal[1]
    codebook: str
    judged: Mapping[Kind, Code]
    """Event type by what was planted; kinds that are missing are nothing to the coders."""
    basis: Code
    cue_owner: Code
    sure: Code
    unsure: Code
    screening_reason: Annotated[str, Field(min_length=1)]
    adjudication_reason: Annotated[str, Field(min_length=1)]
    verification_reason: Annotated[str, Field(min_length=1)]
    profiles: Mapping[str, Profile]

    def profile(self, name: str) -> Profile:
        """A profile by name.

        Raises:
            BadInput: there is none of that name.
        """
        if name not in self.profiles:
            raise BadInput.of(
                "simulation.no_profile",
                f"there are no simulated coders called {name}",
                f"choose one of: {', '.join(sorted(self.profiles))}",
            )
        return self.profiles[name]

    def check(self, codebook: Codebook) -> None:
        """Whether all codes are in the workspace's codebook.

        Raises:
            BadInput: one is not.
        """
        emotions = {entry.code for entry in codebook.emotions}
        used = [
            ("event type", set(self.judged.values()), {entry.code for entry in codebook.event_types}),
            ("basis", {self.basis}, {entry.code for entry in codebook.bases}),
            ("cue owner", {self.cue_owner}, {entry.code for entry in codebook.cue_owners}),
            ("confidence", {self.sure, self.unsure}, {entry.code for entry in codebook.confidences}),
        ]
        for profile in self.profiles.values():
            for ability in profile.abilities.values():
                named = set(ability.confusions).union(*ability.confusions.values())
                used.append(("emotion", named, emotions))
        for kind, codes, known in used:
            if strange := sorted(codes - known):
                raise BadInput.of(
                    "simulation.code",
                    f"the simulated coders use the {kind} {strange[0]}, which the codebook {codebook.name} lacks",
                    "correct the code, or use another codebook",
                )


def load_coders(name_or_path: str = "coders") -> CoderSettings:
    """Read the packaged simulated coders by name, or any by their path.

    Raises:
        BadInput: there are none of that name, or the file has a mistake.
    """
    path = named_or_path(name_or_path, "pipelines", "simulation")
    return read_yaml(path, CoderSettings)
