"""Several threads that begin at the same instant."""

import threading


def at_once(work, *arguments):
    """Do the same from several threads together; what each got."""
    together, answers = threading.Barrier(len(arguments)), [None] * len(arguments)

    def run(number, argument):
        together.wait(10)
        answers[number] = work(*argument)

    threads = [
        threading.Thread(target=run, args=(number, argument)) for number, argument in enumerate(arguments)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
