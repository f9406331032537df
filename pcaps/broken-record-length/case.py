"""A pcap file whose ninth record says that it has 4 GB. From tls12-psk."""

import struct

from captures import count_to_client_key_exchange, pcap_header, pcap_record, read

FROM = ["tls12-psk"]


def make(_, out, source):
    packets = read(source)
    num_whole = count_to_client_key_exchange(packets)
    whole = pcap_header() + b"".join(map(pcap_record, packets[:num_whole]))
    lie = bytearray(pcap_record(packets[num_whole]))
    struct.pack_into("<I", lie, 8, 0xFFFFFFF0)
    with open(f"{out}/capture.pcap", "wb") as file:
        file.write(whole + lie)
