"""Prints, as JSON, what a package offers that has the API of Python hivewatch: signatures.py MODULE"""

import importlib
import inspect
import json
import pkgutil
import sys


def signature(function):
    """The parameters in their order, by name: how each may be given, and its default."""
    parameters = inspect.signature(function).parameters.values()
    return {each.name: described(each) for each in parameters if each.name != "self"}


def described(parameter):
    """Such as `keyword-only = None`."""
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.kind.description}{default}"


def members(cls):
    """The signatures of a class's own methods, and its properties."""
    found = {"__init__": signature(cls.__init__)}
    for name, member in inspect.getmembers(cls):
        if isinstance(member, property):
            found[name] = {"": "property"}
        elif not name.startswith("_") and callable(member):
            found[name] = signature(member)
    return found


module = importlib.import_module(sys.argv[1])
emitters = importlib.import_module(f"{sys.argv[1]}.emitters")
offered = {name: getattr(module, name) for name in module.__all__}
signatures = {name: signature(each) for name, each in offered.items() if inspect.isfunction(each)}
for name, each in offered.items():
    if inspect.isclass(each):
        signatures.update({f"{name}.{member}": found for member, found in members(each).items()})
for name in emitters.__all__:
    for member, found in members(getattr(emitters, name)).items():
        signatures[f"emitters.{name}" if member == "__init__" else f"emitters.{name}.{member}"] = found
# What else can be imported, by its name alone.
for each in pkgutil.iter_modules(module.__path__):
    if not each.name.startswith("_"):
        signatures[f"{each.name} (module)"] = {}
print(json.dumps(signatures))
