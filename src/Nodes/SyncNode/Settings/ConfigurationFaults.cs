using System.Collections.Immutable;
using System.Net;
using System.Text;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Settings;
using PasswordSync.Ldap;

namespace PasswordSync.SyncNode.Settings;

/// <summary>Finds everything that is wrong with a node's configuration before anything starts.</summary>
internal static class ConfigurationFaults
{
    private const int ClusterBytesMax = 64;
    private const int PointsMax = 256;

    // The ring holds 256; a few are those of the present and the next.
    private const int KeysMax = 250;

    // Beyond it the check of stamps that are far ahead would check nothing.
    private const int VersionsMax = 1_000_000;
    private const int LabelsMax = 32;

    public static IEnumerable<SettingFault> Find(NodeSettings node, ScopesFile scopes, PointsFile points) =>
        OfNode(node).Concat(OfDatabase(node)).Concat(OfSources(node)).Concat(OfPoints(points)).Concat(OfScopes(node, scopes, points));

    private static IEnumerable<SettingFault> OfNode(NodeSettings node)
    {
        if (!IsPlainName(node.Cluster) || Encoding.UTF8.GetByteCount(node.Cluster) > ClusterBytesMax) yield return new("cluster", node.Cluster, "use 1 to 64 lower-case letters, digits, dots or hyphens.");
        if (!IsPlainName(node.Name)) yield return new("name", node.Name, "use 1 to 63 lower-case letters, digits, dots or hyphens.");
        foreach (var (key, path) in new[] { ("data", node.Data), ("scopes", node.Scopes), ("points", node.Points) })
        {
            if (string.IsNullOrWhiteSpace(path)) yield return new(key, path, "name a path; a relative one begins where this file is.");
        }

        if (node.Listen.IsDefaultOrEmpty) yield return new("listen", "", "name at least one address, such as \"127.0.0.1:9443\".");
        foreach (var address in node.Listen.Where(address => !ListenAddress.TryParse(address, out _))) yield return new("listen", address, "use host:port, where the host is an IP address or *.");
        foreach (var address in node.Admin.Listen.Where(address => !ListenAddress.TryParse(address, out _))) yield return new("admin.listen", address, "use host:port, where the host is an IP address or *.");
        if (node.Advertise.IsEmpty && node.Listen.FirstOrDefault(text => ListenAddress.TryParse(text, out var address) && address!.IsEverywhere) is { } everywhere)
        {
            yield return new("advertise", "[]", $"name the addresses that edges and other nodes are to use, such as \"https://sync1.example.net:9443\": \"{everywhere}\" in listen is all of this machine's, and none that could be told them.");
        }

        foreach (var address in node.Advertise.Where(address => !IsHttps(address))) yield return new("advertise", address, "use https://host:port.");
        foreach (var address in node.Advertise.Where(address => IsHttps(address) && IsEverywhere(new Uri(address).Host))) yield return new("advertise", address, "use a name or an address of this machine that others reach it by: this one stands for all addresses, and leads nowhere.");
        foreach (var address in node.Join.Where(address => !IsHttps(address))) yield return new("join", address, "use https://host:port.");
        foreach (var fault in node.Metrics.FindFaults()) yield return fault;
        foreach (var fault in OfLabels("labels", node.Labels)) yield return fault;
        if (!SecretReference.HasForm(node.Passphrase)) yield return new("passphrase", SettingFault.NotShown, "use a reference, file:PATH or env:NAME; never the passphrase itself.");

        foreach (var fault in OfTime("maximumAge", node.MaximumAge, TimeSpan.FromMinutes(1), TimeSpan.FromDays(30))) yield return fault;
        foreach (var fault in OfTime("historyKeptFor", node.HistoryKeptFor, TimeSpan.FromDays(1), TimeSpan.FromDays(3_650))) yield return fault;
        foreach (var fault in OfTime("keyRotation", node.KeyRotation, TimeSpan.FromMinutes(1), TimeSpan.FromDays(30))) yield return fault;
        if (node.KeyRotation > TimeSpan.Zero && node.MaximumAge / node.KeyRotation >= KeysMax)
        {
            yield return new("keyRotation", DurationText.Format(node.KeyRotation), $"use more than {DurationText.Format(TimeSpan.FromSeconds(Math.Ceiling((node.MaximumAge / KeysMax).TotalSeconds)))}, or a smaller maximumAge: a key is kept for that long after the next was made, and a key ring holds {KeysMax} of them and a few.");
        }

        foreach (var fault in OfTime("grace", node.Grace, TimeSpan.Zero, TimeSpan.FromDays(1))) yield return fault;
        foreach (var fault in OfTime("recheckDelay", node.RecheckDelay, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1))) yield return fault;
        foreach (var fault in OfTime("edgeGoneAfter", node.EdgeGoneAfter, TimeSpan.FromSeconds(10), TimeSpan.FromDays(1))) yield return fault;
        foreach (var (key, value) in new[] { ("versionJumpMax", node.VersionJumpMax), ("firstVersionMax", node.FirstVersionMax) })
        {
            if (value is < 1 or > VersionsMax) yield return new(key, $"{value}", $"use 1 to {VersionsMax}.");
        }

        if (node.Shards is < 1 or > 4096) yield return new("shards", $"{node.Shards}", "use 1 to 4096.");
    }

    private static IEnumerable<SettingFault> OfDatabase(NodeSettings node)
    {
        var database = node.Database;
        if (database.Kind is not ("sqlite" or "postgres")) yield return new("database.kind", database.Kind, "use sqlite or postgres.");
        if (database is { Kind: "sqlite", RequireSynchronousStandby: true }) yield return new("database.requireSynchronousStandby", "true", "use kind postgres, or leave it out: a file has no standby.");
        if (database.Kind != "postgres") yield break;
        if (database.Password is { } password && !SecretReference.HasForm(password))
        {
            yield return new("database.password", SettingFault.NotShown, "use a reference, file:PATH or env:NAME; never the password itself.");
        }

        if (NodeStore.PostgresOptions(node, password: null).FindFault() is { } fault) yield return new("database", "", fault);
    }

    private static IEnumerable<SettingFault> OfSources(NodeSettings node)
    {
        foreach (var (name, source) in node.Sources)
        {
            var key = $"sources.{name}";
            if (!SourceId.IsValid(name)) yield return new(key, name, "use 1 to 63 lower-case letters, digits, dots or hyphens.");
            if (source.Servers.IsDefaultOrEmpty) yield return new($"{key}.servers", "", "name at least one domain controller, such as \"dc1.example.test:636\".");
            foreach (var server in source.Servers.Where(server => !ListenAddress.IsHostAndPort(server) || !LdapServer.TryParse(server, LdapServer.DefaultTlsPort, out _))) yield return new($"{key}.servers", server, "use host:port.");
            if (source.Security is not ("ldaps" or "startTls")) yield return new($"{key}.security", source.Security, "use ldaps or startTls: passwords are sent there.");
            if (source.BindName is null != source.BindPassword is null) yield return new($"{key}.bindName", source.BindName ?? "", "give bindName and bindPassword, or neither.");
            if (source.BindPassword is { } password && !SecretReference.HasForm(password)) yield return new($"{key}.bindPassword", SettingFault.NotShown, "use a reference, file:PATH or env:NAME; never the password itself.");
            foreach (var outside in OfTime($"{key}.oldPasswordPeriod", source.OldPasswordPeriod, TimeSpan.Zero, TimeSpan.FromDays(1))) yield return outside;
            if (source.Generation < 0) yield return new($"{key}.generation", $"{source.Generation}", "use 0 or greater.");
        }
    }

    private static IEnumerable<SettingFault> OfPoints(PointsFile points)
    {
        if (points.Points.Length > PointsMax) yield return new("points", $"{points.Points.Length}", $"use at most {PointsMax}.");
        for (var i = 0; i < points.Points.Length; i++)
        {
            var point = points.Points[i];
            var key = $"points[{i}]";
            if (!SyncPointId.IsValid(point.Name)) yield return new($"{key}.name", point.Name, "use 1 to 63 lower-case letters, digits, dots or hyphens.");
            if (points.Points.Take(i).Any(other => other.Name == point.Name)) yield return new($"{key}.name", point.Name, "another point has this name: choose a different one.");
            if (NodeConfiguration.PolicyFor(point).FindFault() is { } policy) yield return new($"{key}.retry", "", policy);
            foreach (var fault in OfLabels($"{key}.nodes", point.Nodes)) yield return fault;
            foreach (var repeated in NodeConfiguration.FindRepeated(point.Settings)) yield return new($"{key}.settings.{repeated}", SettingFault.NotShown, "the key is there twice, since upper and lower case are the same in settings: write it once.");
            if (point.Rate is { } rate)
            {
                if (rate.Permits is < 1 or > 1_000_000) yield return new($"{key}.rate.permits", $"{rate.Permits}", "use 1 to 1000000.");
                foreach (var outside in OfTime($"{key}.rate.per", rate.Per, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1))) yield return outside;
            }

            if (point.Concurrency is < 1 or > 256) yield return new($"{key}.concurrency", $"{point.Concurrency}", "use 1 to 256.");
            foreach (var outside in OfTime($"{key}.attemptTimeout", point.AttemptTimeout, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(5))) yield return outside;
        }
    }

    private static IEnumerable<SettingFault> OfScopes(NodeSettings node, ScopesFile scopes, PointsFile points)
    {
        for (var i = 0; i < scopes.Scopes.Length; i++)
        {
            var scope = scopes.Scopes[i];
            var key = $"scopes[{i}]";
            if (scope.Name.Length is 0 or > 63) yield return new($"{key}.name", scope.Name, "use 1 to 63 characters.");
            if (!node.Sources.ContainsKey(scope.Source)) yield return new($"{key}.source", scope.Source, $"use one of the node's sources: {string.Join(", ", node.Sources.Keys)}.");
            if (scopes.Scopes.Take(i).Any(other => other.Name == scope.Name && other.Source == scope.Source)) yield return new($"{key}.name", scope.Name, "another scope of this source has this name: choose a different one.");
            if (scope.BaseDn.Length == 0) yield return new($"{key}.baseDn", "", "name the part of the directory, such as \"DC=example,DC=test\".");
            if (WhyNoFilter(scope.Filter) is { } why) yield return new($"{key}.filter", scope.Filter!, $"{why} Use an LDAP filter (RFC 4515), such as \"(&(objectClass=user)(department=Sales))\".");
            foreach (var point in scope.Points.Where(point => points.Points.All(known => known.Name != point)))
            {
                yield return new($"{key}.points", point, $"use names of sync points: {string.Join(", ", points.Points.Select(known => known.Name))}.");
            }
        }
    }

    private static IEnumerable<SettingFault> OfTime(string key, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most) yield return new(key, DurationText.Format(value), $"use {DurationText.Format(least)} to {DurationText.Format(most)}.");
    }

    private static IEnumerable<SettingFault> OfLabels(string key, ImmutableArray<string> labels)
    {
        if (labels.Length > LabelsMax) yield return new(key, $"{labels.Length}", $"use at most {LabelsMax}.");
        foreach (var label in labels.Where(label => label.Length is 0 or > 63 || !label.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '='))) yield return new(key, label, "use 1 to 63 letters, digits, dots, hyphens or equals signs, such as \"site=berlin\".");
    }

    // Edges would refuse all scopes of the source for it.
    private static string? WhyNoFilter(string? filter)
    {
        try
        {
            if (filter is not null) LdapFilter.Parse(filter);
            return null;
        }
        catch (FormatException failure)
        {
            return failure.Message;
        }
    }

    private static bool IsPlainName(string text) => SourceId.IsValid(text);

    private static bool IsEverywhere(string host) => IPAddress.TryParse(host.Trim('[', ']'), out var address) && new ListenAddress(address, 0).IsEverywhere;

    private static bool IsHttps(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps;
}
