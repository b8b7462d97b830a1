"""The catalogue: scenarios, the parameters their forms ask for, and the claims their runs answer.

``load()`` gives every scenario by its slug.
"""

from app.catalogue.claims import Answer, Claim, Span
from app.catalogue.groups import Group, Idea
from app.catalogue.loader import Catalogue, load
from app.catalogue.parameters import Choice, FormField, Parameters
from app.catalogue.scenario import Scenario, Tags
from app.locale.text import Text

__all__ = [
    "Answer",
    "Catalogue",
    "Choice",
    "Claim",
    "FormField",
    "Group",
    "Idea",
    "Parameters",
    "Scenario",
    "Span",
    "Tags",
    "Text",
    "load",
]
