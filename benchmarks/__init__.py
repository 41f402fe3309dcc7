"""What the service achieves beside what this machine can do at best; `python -m benchmarks` prints the table.

Colleagues, schedulers and thermal limits move absolute figures by half from one minute to the next, so
everything that is compared is measured in short bursts in turn (A B C A B C …), and the ratios are what counts.
"""
