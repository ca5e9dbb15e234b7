using System.Collections.Immutable;
using System.Text.Json.Serialization;
using PasswordSync.Core.Captures;

namespace PasswordSync.Core.Intake;

/// <summary>A node's answer to an <see cref="IntakeBatch"/>, after its transaction.</summary>
/// <param name="Captures">One answer for each capture of the batch, candidates included. A capture without one counts as "try again".</param>
/// <param name="Nodes">The cluster's nodes as of now, for the next batches; empty where the node does not know better than the edge.</param>
/// <param name="ConfigurationVersion">The version of the <see cref="EdgeConfiguration"/> that the node would give now.</param>
public sealed record IntakeAnswer(ImmutableArray<CaptureAnswer> Captures, ImmutableArray<Uri> Nodes, long ConfigurationVersion);

/// <summary>The answer for one capture.</summary>
/// <param name="CaptureId">The capture.</param>
/// <param name="Kind">What the node did.</param>
/// <param name="Reason">With <see cref="AnswerKind.Refused"/> why; else null.</param>
/// <param name="Detail">A sentence for the operator; holds nothing secret. Null where the kind says all.</param>
public sealed record CaptureAnswer(CaptureId CaptureId, AnswerKind Kind, RefusalReason? Reason, string? Detail)
{
    public static CaptureAnswer Accepted(CaptureId captureId) => new(captureId, AnswerKind.Accepted, null, null);

    public static CaptureAnswer AlreadyHave(CaptureId captureId) => new(captureId, AnswerKind.AlreadyHave, null, null);

    public static CaptureAnswer TryAgain(CaptureId captureId, string detail) => new(captureId, AnswerKind.TryAgain, null, detail);

    public static CaptureAnswer Refused(CaptureId captureId, RefusalReason reason, string detail) => new(captureId, AnswerKind.Refused, reason, detail);
}

/// <summary>What a node did with a capture.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AnswerKind>))]
public enum AnswerKind
{
    /// <summary>Durable at the node. The edge forgets it.</summary>
    [JsonStringEnumMemberName("accepted")]
    Accepted,

    /// <summary>Accepted before. The edge forgets it.</summary>
    [JsonStringEnumMemberName("already-have")]
    AlreadyHave,

    /// <summary>Never acceptable. The edge forgets it, keeps a note of the reason, and raises an alarm.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>Not now. The edge keeps it and sends it again, with the same id, to any node.</summary>
    [JsonStringEnumMemberName("try-again")]
    TryAgain,
}

/// <summary>Why a node will never accept a capture.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RefusalReason>))]
public enum RefusalReason
{
    /// <summary>The edge's certificate is for another source.</summary>
    [JsonStringEnumMemberName("wrong-source")]
    WrongSource,

    /// <summary>The edge's certificate is for another DC.</summary>
    [JsonStringEnumMemberName("wrong-domain-controller")]
    WrongDomainController,

    /// <summary>What the envelope says of its capture is not what the item says.</summary>
    [JsonStringEnumMemberName("wrong-binding")]
    WrongBinding,

    /// <summary>The item or its envelope is malformed.</summary>
    [JsonStringEnumMemberName("malformed")]
    Malformed,

    /// <summary>Older than the maximum age of a capture.</summary>
    [JsonStringEnumMemberName("too-old")]
    TooOld,

    /// <summary>Sealed to a key that the cluster does not have (any more).</summary>
    [JsonStringEnumMemberName("unknown-key")]
    UnknownKey,
}
