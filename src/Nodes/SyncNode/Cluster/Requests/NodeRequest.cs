using System.Collections.Immutable;
using System.Text.Json.Serialization;
using PasswordSync.Actors.Delivering;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Providers.Contract;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Deliveries.Remote;

namespace PasswordSync.SyncNode.Cluster.Requests;

/// <summary>What one node asks of another for an operator. The asking node has checked the operator's role and written the audit; nodes trust one another. A closed set.</summary>
/// <param name="Operator">Who wants it, for the log.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Decide), "decide")]
[JsonDerivedType(typeof(Leave), "leave")]
[JsonDerivedType(typeof(CountIdentities), "countIdentities")]
[JsonDerivedType(typeof(ShowRests), "showRests")]
[JsonDerivedType(typeof(ReadRevocations), "readRevocations")]
[JsonDerivedType(typeof(HeedVerification), "heedVerification")]
[JsonDerivedType(typeof(VerifyPoint), "verifyPoint")]
[JsonDerivedType(typeof(TryPassword), "tryPassword")]
internal abstract record NodeRequest(string Operator)
{
    /// <summary>Where requests go, below a node's address.</summary>
    public const string Path = "node/v1/operations";

    /// <summary>The most bytes of a request or a reply, as JSON.</summary>
    public const int BytesMax = 64 * 1_024;

    /// <summary>An operator's decision about one person whose shard the asked node owns.</summary>
    public sealed record Decide(string Operator, Guid Identity, string Point, DecisionKind Decision, string? Reason) : NodeRequest(Operator);

    /// <summary>That the node leaves the cluster and ends.</summary>
    public sealed record Leave(string Operator) : NodeRequest(Operator);

    /// <summary>How many identity actors live there.</summary>
    public sealed record CountIdentities(string Operator) : NodeRequest(Operator);

    /// <summary>Which sync points rest there, and why.</summary>
    public sealed record ShowRests(string Operator) : NodeRequest(Operator);

    /// <summary>That an edge was revoked: the list in the database is to be read now, and not only when it is its time.</summary>
    public sealed record ReadRevocations(string Operator) : NodeRequest(Operator);

    /// <summary>That a sync point was verified and is well: what waits for that in the node's shards is to be tried now.</summary>
    public sealed record HeedVerification(string Operator, string Point) : NodeRequest(Operator);

    /// <summary>How a sync point stands that the asked node may reach, and the asking one may not.</summary>
    public sealed record VerifyPoint(string Operator, string Point) : NodeRequest(Operator);

    /// <summary>Whether a target that the asked node may reach has a password. The asking node has counted the try.</summary>
    /// <param name="Operator">Who wants it, for the log.</param>
    /// <param name="Point">The sync point.</param>
    /// <param name="CaptureId">The person's newest change, by which the account is found.</param>
    /// <param name="Account">The account of the source.</param>
    /// <param name="Names">What the source's directory called it.</param>
    /// <param name="Envelope">The password, as <see cref="TravellingPassword"/> seals it.</param>
    public sealed record TryPassword(string Operator, string Point, Guid CaptureId, RemoteAccount Account, AccountNames Names, byte[] Envelope) : NodeRequest(Operator);
}

/// <summary>What an operator can decide about one person at one sync point.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DecisionKind>))]
internal enum DecisionKind
{
    /// <summary>Try now what waits or is parked.</summary>
    Retry,

    /// <summary>Give up what waits or is parked.</summary>
    Discard,

    /// <summary>Send the newest change once more.</summary>
    Resend,
}

/// <summary>What the asked node answers.</summary>
internal sealed record NodeReply
{
    /// <summary>Why the identity refused, as <see cref="Core.Decisions.DecisionRefusal"/> names it; null if it did not.</summary>
    public string? Refusal { get; init; }

    /// <summary>Why it could not be done now; null if it could.</summary>
    public string? Unavailable { get; init; }

    /// <summary>With <see cref="Unavailable"/>: whether the node may have got the request all the same, so that another one must not be asked for the same thing.</summary>
    [JsonIgnore]
    public bool MayHaveArrived { get; init; }

    /// <summary>With <see cref="Unavailable"/>: whether the node itself could not be asked or did not answer, and would not for anybody else either.</summary>
    [JsonIgnore]
    public bool IsNodeSilent { get; init; }

    public int Count { get; init; }

    /// <summary>The sync points that rest.</summary>
    public ImmutableArray<RestingPoint>? Rests { get; init; }

    /// <summary>What the verification of a point found.</summary>
    public ImmutableArray<VerificationCheck>? Checks { get; init; }

    /// <summary>What trying a password told.</summary>
    public PasswordTrial? Trial { get; init; }
}

/// <summary>A sync point that begins nothing for a time at one node.</summary>
/// <param name="Point">Its name.</param>
/// <param name="Until">Until when.</param>
/// <param name="Why">What for, as a sentence; null if nobody knows.</param>
internal sealed record RestingPoint(string Point, DateTimeOffset Until, string? Why)
{
    public static ImmutableArray<RestingPoint> Of(IReadOnlyDictionary<SyncPointId, ProviderStatus> points) =>
        [.. points.Select(point => point.Value.RestingUntil is { } until ? new RestingPoint(point.Key.Value, until, point.Value.RestsFor) : null).OfType<RestingPoint>()];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(NodeRequest))]
[JsonSerializable(typeof(NodeReply))]
internal sealed partial class NodeRequestJson : JsonSerializerContext;
