#!/bin/sh
# heplify 1: captures on all interfaces and sends SIP, and RTCP of the calls it saw. Collector: 192.0.2.1:9060.
# Needs the right to capture: run as root, or once: setcap cap_net_raw,cap_net_admin+ep heplify
#   -nt udp | tcp | tls (-skipverify: do not check the collector's certificate)
#   -hi capture id   -hn node name   -hp hep_auth_key of the collector, leave out when it has none
exec heplify -i any -hs 192.0.2.1:9060 -nt udp -hi 2002 -hp myhep -hn edge-1 -m SIPRTCP

# heplify 2 takes the same flags, or in its JSON configuration:
#   "transport": [{ "active": true, "host": "192.0.2.1", "port": 9060, "transport": "udp" }]
