# make_places.pl DIR: databases of places for tests, by MaxMind's own writer: DIR/city.mmdb (countries as MaxMind names
# them, IPv4 and IPv6) and DIR/asn.mmdb. Invented: all addresses are set aside for documentation.
use strict;
use warnings;
use MaxMind::DB::Writer::Tree;

my %types = (country => 'map', iso_code => 'utf8_string', autonomous_system_number => 'uint32',
             autonomous_system_organization => 'utf8_string');
my %common = (ip_version => 6, record_size => 24, languages => ['en'], remove_reserved_networks => 0,
              map_key_type_callback => sub { $types{$_[0]} });
my $dir = shift or die "make_places.pl DIR\n";

my $city = MaxMind::DB::Writer::Tree->new(%common, database_type => 'Test-City', description => { en => 'test' });
$city->insert_network('192.0.2.0/28', { country => { iso_code => 'DE' } });
$city->insert_network('198.51.100.0/24', { country => { iso_code => 'US' } });
$city->insert_network('2001:db8::/32', { country => { iso_code => 'FR' } });
my $asn = MaxMind::DB::Writer::Tree->new(%common, database_type => 'Test-ASN', description => { en => 'test' });
$asn->insert_network('192.0.2.0/28',
    { autonomous_system_number => 64496, autonomous_system_organization => "<b>Example\x{202e} Net" });
for (['city', $city], ['asn', $asn]) {
    my ($name, $tree) = @$_;
    open my $file, '>:raw', "$dir/$name.mmdb" or die "$dir/$name.mmdb: $!\n";
    $tree->write_tree($file);
    close $file or die "$dir/$name.mmdb: $!\n";
}
