"""A pcap file that ends in the middle of a record's header. From tls12-psk."""

from captures import count_to_client_key_exchange, pcap_header, pcap_record, read

FROM = ["tls12-psk"]


def make(_, out, source):
    packets = read(source)
    num_whole = count_to_client_key_exchange(packets)
    whole = pcap_header() + b"".join(map(pcap_record, packets[:num_whole]))
    with open(f"{out}/capture.pcap", "wb") as file:
        file.write(whole + pcap_record(packets[num_whole])[:9])
