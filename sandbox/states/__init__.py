"""Step Functions on one machine: state machines of the program, run as they are declared.

The part of the Amazon States Language that the program uses, in JSONPath: whatever is not known
here is refused by name before anything runs. Branches and items take turns in their order.
"""

from .calls import Calls
from .language import check
from .machine import Execution, Machine

__all__ = ["Calls", "Execution", "Machine", "check"]
