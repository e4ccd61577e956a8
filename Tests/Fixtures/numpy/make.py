"""Writes the .npy files of this folder: python make.py (NumPy 2)."""

import numpy as np
from numpy.lib import format as npy

TABLE = np.array([[-1, 0, 2], [100, -7, 3]])

for name in ("f2", "f4", "f8", "i1", "i2", "i4", "i8"):
    np.save(f"{name}.npy", TABLE.astype(("<" if name != "i1" else "|") + name))
for name, version in (("version2", (2, 0)), ("version3", (3, 0))):
    with open(f"{name}.npy", "wb") as file:
        npy.write_array(file, TABLE.astype("<f4"), version=version)
np.save("row.npy", np.array([0.5, -0.25, 8], "<f4"))
np.save("fortran.npy", np.asfortranarray(TABLE.astype("<f4")))
np.save("u1.npy", np.abs(TABLE).astype("|u1"))
np.save("big_endian.npy", TABLE.astype(">f4"))
np.save("complex.npy", TABLE.astype("<c8"))
np.save("boolean.npy", TABLE.astype(bool))
np.save("text.npy", TABLE.astype("<U3"))
np.save("object.npy", TABLE.astype(object), allow_pickle=True)
