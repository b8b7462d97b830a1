"""The web application: pages, the JSON interface, and the websocket of a run.

* ``application`` puts it together. ``site`` is what all requests share; ``dependencies`` hands it,
  the reader's language and the visitor to a handler.
* Before any handler: ``protocols`` (time and number of connections), ``security`` (names, origins,
  sizes), ``hosts`` (the names) and ``visitors`` (whose request it is, by the key in ``secret``).
* Pages: ``pages``, ``compare``, ``paths``. Other interfaces: ``api``, ``stream`` (with the
  ``audience`` of all streams), ``monitoring``. Errors of all of them: ``problems``.
* What pages show: ``forms``, ``predictions``, ``search``, ``run_words`` and ``run_settings``,
  ``state_names``, ``figures``, ``highlight``, ``interpreters``.
* Languages: ``i18n``, and ``messages``, which extracts the sentences. Files: ``folders``,
  ``static``, ``attachments``. Who may pin: ``pinning``. Memory of the server: ``memory``.
"""
