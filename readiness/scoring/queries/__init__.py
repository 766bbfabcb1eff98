"""What other rooms read of stored verdicts. Nothing is judged here, and nothing is written.

`standing` the sites as they stand, which the others begin with, `capacity` megawatts over time and what holds them,
`results` the checks of a site, `rows` what all of them are made of, `kept` the inputs of a day.
"""
