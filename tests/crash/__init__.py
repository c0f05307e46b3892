"""
`make crash`: thousands of payments are settled while PostgreSQL is stopped at once several times and a worker is
killed.

What a worker was told is settled, it writes to a file of its own and fsyncs before it goes on: that is what was
acknowledged. The web server is rung all the while. Then everything is started again, the bank is swept, and the books
are counted. The run fails if anything acknowledged is missing, booked twice, or half there.
"""
