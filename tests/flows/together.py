"""Several threads that begin at the same instant, and clients that do not take "not now" for an answer."""

import threading
import time


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


def insist(ask, tries=5):
    """Ask, and while the answer is 503 again, after the seconds it names; the last answer."""
    answer = ask()
    while answer.status_code == 503 and tries > 1:
        time.sleep(int(answer.headers["Retry-After"]))
        answer, tries = ask(), tries - 1
    return answer
