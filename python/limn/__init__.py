"""Neural networks that draw: Sketch-RNN, DRAW and VAEs.

    import limn
    model = limn.load("builtin:doodles")
    limn.sheet(model.sample(16, seed=1))

docs/python.md describes the package with examples.
"""

from __future__ import annotations

from ._limn import (
    Drawing,
    Error,
    ImageModel,
    Model,
    Picture,
    Progress,
    Run,
    SketchModel,
    Steps,
    interpolate_latents,
    load,
    png,
    read_sketches,
    read_splits,
    sheet,
    train,
    train_options,
    write_sketches,
)
from ._limn import __version__  # type: ignore[attr-defined]  # stubs leave it out

TYPE_CHECKING = False  # for type checkers True; typing itself takes longer to import than all of this package
if TYPE_CHECKING:
    from typing import Any, overload

    import numpy

__all__ = [
    "Drawing",
    "Error",
    "ImageModel",
    "Model",
    "Picture",
    "Progress",
    "Run",
    "SketchModel",
    "Steps",
    "__version__",
    "interpolate",
    "interpolate_latents",
    "load",
    "png",
    "read_sketches",
    "read_splits",
    "sheet",
    "train",
    "train_options",
    "write_sketches",
]


if TYPE_CHECKING:

    @overload
    def interpolate(
        model: SketchModel, a: Any, b: Any, steps: int = 10, *, temperature: float = 0.1, **options: Any
    ) -> list[Drawing]: ...
    @overload
    def interpolate(model: ImageModel, a: Any, b: Any, steps: int = 10) -> numpy.ndarray: ...


def interpolate(model: Any, a: Any, b: Any, steps: int = 10, **options: Any) -> Any:
    """The drawings on the way between two through latent space, both ends among them: those of `limn interpolate`.

    a, b: drawings or images as encode() takes, or names of files. options: those of SketchModel.decode(), and fit,
    which is SketchModel.encode()'s; temperature is 0.1 where it is not given.
    """
    if isinstance(model, SketchModel):
        options.setdefault("temperature", 0.1)
        fit = options.pop("fit", False)
        z = [model.latents(x, fit=fit) for x in (a, b)]  # one may be a name and the other a drawing
        if [len(each) for each in z] != [1, 1]:
            raise Error(f"a and b: {len(z[0])} and {len(z[1])} drawings, expected one each")
        z = [each[0] for each in z]
    else:
        z = model.latents([a, b])
        if len(z) != 2:
            raise Error(f"a and b: {len(z)} images, expected one each")
    return model.decode(interpolate_latents(z[0], z[1], steps), **options)
