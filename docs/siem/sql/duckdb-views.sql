-- Views over the events of all sensors, for DuckDB: they read link.tie, psk.use, blast.radius and install.transaction,
-- which sensors with --pseudonym-key write with --observations. README.md in the folder above says what they tell.

-- What identifiers came together, one row for each identifier of a tie. Of a sensor that tells a tie again, as perpass
-- monitor does at each interval, the last counts; of sessions that several sensors recorded, those of the first.
CREATE OR REPLACE VIEW perpass_link_identifiers AS
WITH told AS (
    SELECT sensor, perpass.tie.address AS address, perpass.tie.sessions AS sessions, perpass.tie.first AS first,
           perpass.tie.last AS last, coalesce(perpass.tie.handshakes, []) AS handshakes,
           perpass.tie.identifiers.kind AS kinds, perpass.tie.identifiers.name AS names,
           perpass.tie.identifiers.hosts AS hosts
    FROM perpass_events
    WHERE event.dataset = 'perpass.link.tie'
    QUALIFY row_number() OVER (PARTITION BY sensor, perpass.tie.identifiers.name, perpass.tie.address
                               ORDER BY perpass.tie.sessions DESC, perpass.tie.last DESC,
                                        coalesce(len(handshakes), 0) DESC, handshakes) = 1),
numbered AS (SELECT row_number() OVER (ORDER BY first, last, sensor, names, address) AS tie, * FROM told),
recorded AS (
    SELECT handshake, min(tie) AS first_tie
    FROM (SELECT tie, unnest(handshakes) AS handshake FROM numbered) GROUP BY handshake),
copies AS (
    SELECT tie, count(*) AS copies
    FROM (SELECT tie, unnest(handshakes) AS handshake FROM numbered) JOIN recorded USING (handshake)
    WHERE first_tie < tie GROUP BY tie),
same AS (
    SELECT tie, row_number() OVER (PARTITION BY handshakes, sessions ORDER BY tie) > 1 AND len(handshakes) > 0 AS same
    FROM numbered),
once AS (
    SELECT numbered.* EXCLUDE (sessions),
           CASE WHEN same THEN 0 ELSE sessions - least(sessions, coalesce(copies, 0)) END AS sessions,
           sessions > 0 AS encrypted
    FROM numbered JOIN same USING (tie) LEFT JOIN copies USING (tie))
SELECT tie, sensor, address, sessions, first, last, unnest(kinds) AS kind, unnest(names) AS name,
       unnest(hosts) = 'several' AS shared
FROM once
WHERE sessions > 0 OR NOT encrypted;

-- Identifiers that several sessions have, and where they were seen.
CREATE OR REPLACE VIEW perpass_links AS
SELECT kind, name, sum(sessions) AS sessions, count(DISTINCT sensor) AS num_sensors, list_sort(list(DISTINCT sensor)) AS sensors,
       list_sort(list(DISTINCT address)) AS addresses, min(first) AS first, max(last) AS last, bool_or(shared) AS shared
FROM perpass_link_identifiers
GROUP BY kind, name
HAVING sum(sessions) > 1;

-- Sets of sessions that identifiers join, directly or over others: what one subject does, at all sensors.
CREATE OR REPLACE VIEW perpass_subjects AS
WITH RECURSIVE shared AS (SELECT name FROM perpass_link_identifiers GROUP BY name HAVING bool_or(shared)),
joining AS MATERIALIZED (
    SELECT tie, name FROM perpass_link_identifiers WHERE name NOT IN (SELECT name FROM shared)),
pairs AS MATERIALIZED (
    SELECT DISTINCT joining.tie AS a, first_tie AS b
    FROM joining JOIN (SELECT name, min(tie) AS first_tie FROM joining GROUP BY name) USING (name)
    WHERE tie <> first_tie),
edges AS MATERIALIZED (SELECT a, b FROM pairs UNION ALL SELECT b, a FROM pairs),
joined(tie, subject) USING KEY (tie) AS (
    SELECT DISTINCT tie, tie FROM joining
    UNION
    SELECT edges.a, min(joined.subject)
    FROM joined JOIN edges ON edges.b = joined.tie JOIN recurring.joined AS known ON known.tie = edges.a
    WHERE joined.subject < known.subject
    GROUP BY edges.a)
SELECT subject, sum(sessions) AS sessions, count(DISTINCT sensor) AS num_sensors, list_sort(list(DISTINCT sensor)) AS sensors,
       count(DISTINCT address) AS num_addresses, list_sort(list(DISTINCT address)) AS addresses, min(first) AS first,
       max(last) AS last
FROM joined JOIN (SELECT DISTINCT tie, sensor, address, sessions, first, last FROM perpass_link_identifiers) USING (tie)
GROUP BY subject;

-- How many sessions can be linked, of those that have identifiers.
CREATE OR REPLACE VIEW perpass_linkability AS
SELECT coalesce(sum(sessions), 0) AS sessions, coalesce(sum(sessions) FILTER (sessions > 1), 0) AS linkable,
       count(*) FILTER (sessions > 1) AS subjects, count(*) FILTER (sessions > 1 AND num_addresses > 1) AS moved,
       coalesce(max(sessions), 0) AS largest, count(*) FILTER (sessions > 1 AND num_sensors > 1) AS at_several_sensors
FROM perpass_subjects;

-- External PSKs that more than one client, or more than one server, uses.
CREATE OR REPLACE VIEW perpass_group_psks AS
WITH told AS (
    SELECT sensor, perpass.psk_use.identity AS identity, perpass.psk_use.clients AS clients,
           perpass.psk_use.servers AS servers
    FROM perpass_events
    WHERE event.dataset = 'perpass.psk.use'
    QUALIFY row_number() OVER (PARTITION BY sensor, perpass.psk_use.identity ORDER BY "@timestamp" DESC) = 1),
clients AS (
    SELECT sensor, identity, unnest(clients.address) AS address, unnest(clients.software) AS software,
           unnest(clients.first) AS first, unnest(clients.last) AS last FROM told),
servers AS (SELECT identity, unnest(servers.address) AS address FROM told)
SELECT identity, count(DISTINCT clients.address) AS clients, count(DISTINCT nullif(software, '')) AS client_software,
       any_value(server.servers) AS servers, count(DISTINCT sensor) AS num_sensors,
       list_sort(list(DISTINCT sensor)) AS sensors, min(first) AS first, max(last) AS last
FROM clients JOIN (SELECT identity, count(DISTINCT address) AS servers FROM servers GROUP BY identity) AS server USING (identity)
GROUP BY identity
HAVING count(DISTINCT clients.address) > 1 OR any_value(server.servers) > 1;

-- What one leaked secret opens of what all sensors recorded.
CREATE OR REPLACE VIEW perpass_blast_radius AS
WITH told AS (
    SELECT sensor, perpass.blast.secret AS secret,
           coalesce(perpass.blast.key_sha256, perpass.blast.psk_identity, perpass.blast.ticket_key_name,
                    perpass.blast.public_value) AS name,
           perpass.blast.sessions AS sessions, perpass.blast.bytes AS bytes, perpass.blast.clients AS clients,
           perpass.blast.servers AS servers, perpass.blast.first AS first, perpass.blast.last AS last,
           coalesce(perpass.blast.handshakes, []) AS handshakes, coalesce(perpass.blast.client_names, []) AS client_names,
           coalesce(perpass.blast.server_names, []) AS server_names
    FROM perpass_events
    WHERE event.dataset = 'perpass.blast.radius'
    QUALIFY row_number() OVER (PARTITION BY sensor, secret, name ORDER BY perpass.blast.sessions DESC, "@timestamp" DESC) = 1)
SELECT secret, name,
       CASE WHEN count(*) > 1 AND count(DISTINCT list_sort(handshakes)) = 1 AND min(sessions) = max(sessions)
                 AND len(any_value(handshakes)) > 0 THEN max(sessions)
            ELSE greatest(max(sessions), sum(sessions) - (sum(len(handshakes)) - len(list_distinct(flatten(list(handshakes))))))
       END AS sessions,
       sum(sessions) AS sessions_of_all_sensors, sum(bytes) AS bytes_of_all_sensors,
       greatest(max(clients), len(list_distinct(flatten(list(client_names))))) AS clients,
       greatest(max(servers), len(list_distinct(flatten(list(server_names))))) AS servers,
       count(DISTINCT sensor) AS num_sensors, list_sort(list(DISTINCT sensor)) AS sensors, min(first) AS first, max(last) AS last
FROM told
GROUP BY secret, name;

-- Installs of devices, of which several sensors may have seen a part: one address, with ten minutes between parts at most.
CREATE OR REPLACE VIEW perpass_installs AS
WITH told AS (
    SELECT DISTINCT sensor, coalesce(perpass.install.device.address, perpass.install.device.mac,
                                     perpass.install.device.client_id, perpass.install.device.duid) AS device,
           perpass.install.device.mac AS mac, perpass.install.started AS started, perpass.install.ended AS ended,
           perpass.install.asked AS asked, perpass.install.obtained AS obtained, perpass.install.bytes AS bytes,
           perpass.install.secrets AS secrets, perpass.install.encrypted AS encrypted, perpass.install.file AS file,
           perpass.install.servers AS servers
    FROM perpass_events
    WHERE event.dataset = 'perpass.install.transaction'),
begun AS (
    SELECT *, coalesce(started > max(ended) OVER (PARTITION BY device ORDER BY started, sensor
                                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                       + INTERVAL 10 MINUTE, true) AS begins
    FROM told),
numbered AS (
    SELECT *, sum(begins::INTEGER) OVER (PARTITION BY device ORDER BY started, sensor) AS install FROM begun)
SELECT device, max(mac) AS mac, min(started) AS started, max(ended) AS ended, count(DISTINCT sensor) AS num_sensors,
       list_sort(list(DISTINCT sensor)) AS sensors, max(asked) AS asked, max(obtained) AS obtained, max(bytes) AS bytes,
       max(secrets) AS secrets, bool_and(encrypted) AS encrypted, max(file) AS file,
       list_distinct(flatten(list(coalesce(servers, [])))) AS servers
FROM numbered
GROUP BY device, install;
