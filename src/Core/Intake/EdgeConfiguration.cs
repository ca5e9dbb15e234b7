using System.Collections.Immutable;
using System.Text.Json.Serialization;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Intake;

/// <summary>What a node tells an edge to do: <c>GET /edge/v1/configuration</c>.</summary>
/// <param name="Version">Rises with every change.</param>
/// <param name="Cluster">The cluster's name, for envelopes: 1 to 64 bytes of UTF-8.</param>
/// <param name="Source">The source that the edge serves.</param>
/// <param name="Scopes">Which accounts take part; an account in none of them does not.</param>
/// <param name="SealingKeys">Public keys that captures may be sealed to, at least one.</param>
/// <param name="Nodes">Addresses that the edge may send batches to, at least one.</param>
/// <param name="GraceSeconds">How long an unwanted capture stays sealed on the DC before it is destroyed, since the scope's groups may arrive later. 0 to 86,400.</param>
public sealed record EdgeConfiguration(
    long Version,
    string Cluster,
    SourceId Source,
    ImmutableArray<ScopeRule> Scopes,
    ImmutableArray<SealingKey> SealingKeys,
    ImmutableArray<Uri> Nodes,
    int GraceSeconds)
{
    /// <summary>Where it is fetched, below a node's address.</summary>
    public const string Path = "edge/v1/configuration";

    /// <summary>The default of <see cref="GraceSeconds"/>.</summary>
    public const int GraceSecondsDefault = 600;

    /// <summary>The most bytes of its JSON.</summary>
    public const int BytesMax = 1 << 20;
}

/// <summary>Which accounts take part in one sync scope. All conditions must hold. Evaluated by the DC itself.</summary>
/// <param name="Name">The scope's name.</param>
/// <param name="BaseDn">Where in the directory.</param>
/// <param name="Level">How far below the base.</param>
/// <param name="Filter">An LDAP filter; null for every account.</param>
/// <param name="IncludeGroups">DNs of groups: the account must be in one of them, directly or through other groups. Empty: no such condition.</param>
/// <param name="ExcludeGroups">DNs of groups: the account must be in none of them, directly or through other groups.</param>
public sealed record ScopeRule(
    string Name,
    string BaseDn,
    ScopeLevel Level,
    string? Filter,
    ImmutableArray<string> IncludeGroups,
    ImmutableArray<string> ExcludeGroups);

/// <summary>How far below its base a scope reaches.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScopeLevel>))]
public enum ScopeLevel
{
    /// <summary>The base object alone.</summary>
    [JsonStringEnumMemberName("base")]
    BaseObject,

    /// <summary>Directly below the base.</summary>
    [JsonStringEnumMemberName("one")]
    OneLevel,

    /// <summary>The base and everything below it.</summary>
    [JsonStringEnumMemberName("subtree")]
    Subtree,
}

/// <summary>A public key of the cluster.</summary>
/// <param name="Id">The key's id as in an envelope: 32 hexadecimal digits.</param>
/// <param name="PublicKey">The uncompressed P-256 point: 130 hexadecimal digits.</param>
/// <param name="NotAfter">Nothing is sealed to it later.</param>
public sealed record SealingKey(string Id, string PublicKey, DateTimeOffset NotAfter);
