"""The runs of a server, from the request to the recording.

* ``runs`` is what the pages use; ``run`` is one run as the server knows it, and ``register`` has
  all of them.
* ``active`` starts and stops runs when ``admission`` says that it is their turn. ``execution`` is
  one of them: its worker (``launcher``, ``keeper``), the heads that begin and end it
  (``ending_heads``), its viewers (``hub``), and its recording (``recorder``, ``recording``).
* ``archive`` finds recordings again (``folder_scan``, ``earlier_runs``, ``recordings``) and removes
  old ones to make ``room``.
* ``playback`` gives viewers frames and timelines. ``reading`` is the only reader of recordings,
  with the checks of ``database``, ``unpacking``, ``schema`` and ``values``.
* ``export`` writes the formats of other tools; ``metrics`` counts for Prometheus.
"""
