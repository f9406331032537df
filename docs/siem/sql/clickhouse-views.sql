-- Views over the events of all sensors, for ClickHouse: they read link.tie, psk.use, blast.radius and install.transaction,
-- which sensors with --pseudonym-key write with --observations. README.md in the folder above says what they tell.

-- What identifiers came together, one row for each identifier of a tie. Of a sensor that tells a tie again, as perpass
-- monitor does at each interval, the last counts; of sessions that several sensors recorded, those of the first.
CREATE OR REPLACE VIEW perpass_link_identifiers AS
WITH told AS (
    SELECT sensor, perpass.tie.address AS at_address, assumeNotNull(perpass.tie.sessions) AS num,
           assumeNotNull(perpass.tie.first) AS began, assumeNotNull(perpass.tie.last) AS over,
           perpass.tie.handshakes AS handshakes, perpass.tie.identifiers.kind AS kinds,
           perpass.tie.identifiers.name AS names, perpass.tie.identifiers.hosts AS hosts
    FROM perpass_events
    WHERE event.dataset = 'perpass.link.tie'
    QUALIFY row_number() OVER (PARTITION BY sensor, names, at_address ORDER BY num DESC, over DESC, length(handshakes) DESC, handshakes) = 1),
numbered AS (
    SELECT row_number() OVER (ORDER BY began, over, sensor, names, at_address) AS tie, *,
           row_number() OVER (PARTITION BY handshakes, num ORDER BY began, over, sensor, names, at_address) > 1
               AND notEmpty(handshakes) AS same
    FROM told),
named AS (
    SELECT *, handshake <> '' AND min(tie) OVER (PARTITION BY handshake) < tie AS copy
    FROM numbered ARRAY JOIN if(empty(handshakes), [''], handshakes) AS handshake),
once AS (
    SELECT tie, any(sensor) AS at_sensor, any(at_address) AS seen_at, any(began) AS since, any(over) AS until,
           any(kinds) AS all_kinds, any(names) AS all_names, any(hosts) AS all_hosts, any(num) AS recorded,
           if(any(same), 0, recorded - least(recorded, sum(copy))) AS counted
    FROM named GROUP BY tie)
SELECT tie, at_sensor AS sensor, seen_at AS address, counted AS sessions, since AS first, until AS last, kind, name,
       host = 'several' AS shared
FROM once
ARRAY JOIN all_kinds AS kind, all_names AS name, all_hosts AS host
WHERE counted > 0 OR recorded = 0;

-- Identifiers that several sessions have, and where they were seen.
CREATE OR REPLACE VIEW perpass_links AS
SELECT kind, name, sum(told.sessions) AS sessions, uniqExact(sensor) AS num_sensors,
       arraySort(groupUniqArray(sensor)) AS sensors, arraySort(groupUniqArray(address)) AS addresses,
       min(told.first) AS first, max(told.last) AS last, max(told.shared) AS shared
FROM perpass_link_identifiers AS told
GROUP BY kind, name
HAVING sessions > 1;

-- Sets of sessions that identifiers join, directly or over others: what one subject does, at all sensors. In each round a tie
-- takes the least of the numbers that its neighbours have found for those that they stand for, until nothing changes: a chain
-- of thousands takes a dozen rounds.
CREATE OR REPLACE VIEW perpass_subjects AS
WITH RECURSIVE pairs AS (
    SELECT DISTINCT tie AS a, other AS b
    FROM (SELECT tie, min(tie) OVER (PARTITION BY name) AS other, max(shared) OVER (PARTITION BY name) AS crowd
          FROM perpass_link_identifiers)
    WHERE crowd = 0 AND tie <> other),
edges AS (
    SELECT DISTINCT tupleElement(ends, 1) AS tie, tupleElement(ends, 2) AS other
    FROM pairs ARRAY JOIN [(a, b), (b, a), (a, a), (b, b)] AS ends),
joined AS (
    SELECT DISTINCT edges.tie AS tie, edges.tie AS subject, 0 AS round, 1 AS changed FROM edges
    UNION ALL
    SELECT edges.tie, min(far.subject), any(near.round) + 1,
           max(min(far.subject) < minIf(near.subject, edges.other = edges.tie)) OVER ()
    FROM joined AS near
    JOIN edges ON edges.other = near.tie
    JOIN joined AS far ON far.tie = near.subject
    WHERE near.changed = 1 AND near.round < 40
    GROUP BY edges.tie)
SELECT if(found.subject = 0, told.tie, found.subject) AS subject, sum(told.sessions) AS sessions,
       uniqExact(sensor) AS num_sensors, arraySort(groupUniqArray(sensor)) AS sensors,
       uniqExact(address) AS num_addresses, arraySort(groupUniqArray(address)) AS addresses,
       min(told.first) AS first, max(told.last) AS last
FROM (SELECT DISTINCT tie, sensor, address, sessions, first, last FROM perpass_link_identifiers) AS told
LEFT JOIN (SELECT tie, min(joined.subject) AS subject FROM joined GROUP BY tie) AS found ON told.tie = found.tie
GROUP BY subject;

-- How many sessions can be linked, of those that have identifiers.
CREATE OR REPLACE VIEW perpass_linkability AS
SELECT sum(told.sessions) AS sessions, sumIf(told.sessions, told.sessions > 1) AS linkable,
       countIf(told.sessions > 1) AS subjects, countIf(told.sessions > 1 AND num_addresses > 1) AS moved,
       max(told.sessions) AS largest, countIf(told.sessions > 1 AND num_sensors > 1) AS at_several_sensors
FROM perpass_subjects AS told;

-- External PSKs that more than one client, or more than one server, uses.
CREATE OR REPLACE VIEW perpass_group_psks AS
WITH told AS (
    SELECT sensor, perpass.psk_use.identity AS psk, perpass.psk_use.clients.address AS clients_at,
           perpass.psk_use.clients.software AS software, perpass.psk_use.clients.first AS began,
           perpass.psk_use.clients.last AS over, perpass.psk_use.servers.address AS servers_at
    FROM perpass_events
    WHERE event.dataset = 'perpass.psk.use'
    QUALIFY row_number() OVER (PARTITION BY sensor, psk ORDER BY `@timestamp` DESC) = 1)
SELECT psk AS identity, uniqExactArray(clients_at) AS clients,
       length(arrayFilter(name -> name <> '', groupUniqArrayArray(software))) AS client_software,
       uniqExactArray(servers_at) AS servers, uniqExact(sensor) AS num_sensors,
       arraySort(groupUniqArray(sensor)) AS sensors, min(arrayMin(began)) AS first, max(arrayMax(over)) AS last
FROM told
GROUP BY psk
HAVING clients > 1 OR servers > 1;

-- What one leaked secret opens of what all sensors recorded.
CREATE OR REPLACE VIEW perpass_blast_radius AS
WITH told AS (
    SELECT sensor, assumeNotNull(perpass.blast.secret) AS kind,
           assumeNotNull(coalesce(perpass.blast.key_sha256, perpass.blast.psk_identity,
                                  perpass.blast.ticket_key_name, perpass.blast.public_value)) AS named,
           toInt64(assumeNotNull(perpass.blast.sessions)) AS num, assumeNotNull(perpass.blast.bytes) AS all_bytes,
           assumeNotNull(perpass.blast.clients) AS num_clients, assumeNotNull(perpass.blast.servers) AS num_servers,
           assumeNotNull(perpass.blast.first) AS began, assumeNotNull(perpass.blast.last) AS over,
           perpass.blast.handshakes AS handshakes, perpass.blast.client_names AS client_names,
           perpass.blast.server_names AS server_names
    FROM perpass_events
    WHERE event.dataset = 'perpass.blast.radius'
    QUALIFY row_number() OVER (PARTITION BY sensor, kind, named ORDER BY num DESC, `@timestamp` DESC) = 1)
SELECT kind AS secret, named AS name,
       if(count() > 1 AND uniqExact(arraySort(handshakes)) = 1 AND min(num) = max(num) AND notEmpty(any(handshakes)),
          max(num),
          greatest(max(num), sum(num) - (toInt64(sum(length(handshakes))) - toInt64(uniqExactArray(handshakes)))))
           AS sessions,
       sum(num) AS sessions_of_all_sensors, sum(all_bytes) AS bytes_of_all_sensors,
       greatest(max(num_clients), uniqExactArray(client_names)) AS clients,
       greatest(max(num_servers), uniqExactArray(server_names)) AS servers, uniqExact(sensor) AS num_sensors,
       arraySort(groupUniqArray(sensor)) AS sensors, min(began) AS first, max(over) AS last
FROM told
GROUP BY kind, named;

-- Installs of devices, of which several sensors may have seen a part: one address, with ten minutes between parts at most.
CREATE OR REPLACE VIEW perpass_installs AS
WITH told AS (
    SELECT DISTINCT sensor,
           coalesce(perpass.install.device.address, perpass.install.device.mac, perpass.install.device.client_id,
                    perpass.install.device.duid) AS at_device,
           perpass.install.device.mac AS hardware, assumeNotNull(perpass.install.started) AS began,
           assumeNotNull(perpass.install.ended) AS over, perpass.install.asked AS num_asked,
           perpass.install.obtained AS num_obtained, perpass.install.bytes AS num_bytes,
           perpass.install.secrets AS num_secrets, perpass.install.encrypted AS is_encrypted,
           perpass.install.file AS file_name, perpass.install.servers AS servers_at
    FROM perpass_events
    WHERE event.dataset = 'perpass.install.transaction'),
ended AS (
    SELECT *, row_number() OVER parts AS part,
           max(over) OVER (PARTITION BY at_device ORDER BY began, sensor
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM told WINDOW parts AS (PARTITION BY at_device ORDER BY began, sensor)),
numbered AS (
    SELECT *, sum(part = 1 OR began > before + INTERVAL 10 MINUTE) OVER (PARTITION BY at_device ORDER BY began, sensor)
           AS install
    FROM ended)
SELECT at_device AS device, max(hardware) AS mac, min(began) AS started, max(over) AS ended,
       uniqExact(sensor) AS num_sensors, arraySort(groupUniqArray(sensor)) AS sensors, max(num_asked) AS asked,
       max(num_obtained) AS obtained, max(num_bytes) AS bytes, max(num_secrets) AS secrets, min(is_encrypted) AS encrypted,
       max(file_name) AS file, groupUniqArrayArray(servers_at) AS servers
FROM numbered
GROUP BY at_device, install;
