"""Builds the recorder for the interpreter that runs this: `pip install ./recorder`. Everything but the native part is in
pyproject.toml. Needs a C compiler and the headers of zstd and of the interpreter.

The sources of core/ that it shares lie beside this folder in the repository, and within it in what `make sdist` assembles.
"""

import glob
import os
import sysconfig

from setuptools import Extension, setup

os.chdir(os.path.dirname(os.path.abspath(__file__)))
root = "." if os.path.isdir("core") else ".."
headers = sysconfig.get_path("include")

setup(ext_modules=[Extension(
    "microlog._microlog",
    sorted(glob.glob("*.c") + glob.glob(f"{root}/core/base/*.c") + glob.glob(f"{root}/core/format/*.c")),
    include_dirs=[root, headers, os.path.join(headers, "internal")],
    depends=glob.glob("*.h") + glob.glob(f"{root}/core/*/*.h"),
    extra_compile_args=["-std=c11", "-D_GNU_SOURCE", "-O2", "-fvisibility=hidden", "-fno-strict-aliasing"],
    extra_link_args=["-Wl,--as-needed", "-Wl,-z,now", "-Wl,-z,relro"],
    libraries=["zstd", "pthread"],
)])
