"""The words of the domain, as frozen values. No I/O and no third-party imports here.

``hashes``    algorithms, digests, perceptual hashes
``names``     raw path bytes as text, without loss or disguise
``records``   what a hash list says: records, losses, facts, set descriptions
``outcomes``  how each entry of the evidence ended, and the tally of a run
``hits``      an item agrees with a record: claim class and disposition
``evidence``  what a source is and what it yields
``people``    who acted, on which machine, with which build, at what time
"""
