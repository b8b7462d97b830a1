"""The languages that users read.

* ``languages`` declares them. ``text`` is a text that has its languages side by side in the code.
* ``translations`` reads the interface's sentences from the .po files; ``terminal`` says which
  language the command line speaks.
"""
