using System.Collections.Immutable;
using System.Text.Json.Serialization;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Intake;

/// <summary>What an edge brings to a node: <c>POST /edge/v1/captures</c>, answered by an <see cref="IntakeAnswer"/>.</summary>
/// <param name="Source">The source that the edge serves. A node compares it with the edge's certificate.</param>
/// <param name="DomainController">The DNS host name of the edge's DC, in lower case. Compared likewise.</param>
/// <param name="EdgeVersion">The version that the edge runs.</param>
/// <param name="Items">1 to <see cref="ItemsMax"/>.</param>
public sealed record IntakeBatch(SourceId Source, string DomainController, string EdgeVersion, ImmutableArray<IntakeItem> Items)
{
    /// <summary>Where batches go, below a node's address.</summary>
    public const string Path = "edge/v1/captures";

    /// <summary>The most items of a batch.</summary>
    public const int ItemsMax = 256;

    /// <summary>The most bytes of a batch's JSON. One item alone is always smaller.</summary>
    public const int BytesMax = 1 << 20;
}

/// <summary>One thing in a batch. A closed set.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ConfirmedCapture), "confirmed")]
[JsonDerivedType(typeof(AmbiguousCaptures), "ambiguous")]
[JsonDerivedType(typeof(CaptureReport), "report")]
public abstract record IntakeItem
{
    private protected IntakeItem()
    {
    }

    /// <summary>The captures that the node must answer for this item.</summary>
    [JsonIgnore]
    public abstract ImmutableArray<CaptureId> CaptureIds { get; }
}

/// <summary>A capture whose stamp is proven.</summary>
/// <param name="CaptureId">The capture.</param>
/// <param name="ObjectGuid">The account's objectGUID.</param>
/// <param name="Stamp">The stamp that the capture caused.</param>
/// <param name="Names">What the directory calls the account.</param>
/// <param name="Scopes">The sync scopes that the account was found in; never empty.</param>
/// <param name="CapturedAt">When the hook saw the password (the DC's clock, as the next two).</param>
/// <param name="SpooledAt">When it was flushed in the edge's spool.</param>
/// <param name="ConfirmedAt">When the stamp was proven.</param>
/// <param name="Envelope">The sealed secret.</param>
public sealed record ConfirmedCapture(
    CaptureId CaptureId,
    Guid ObjectGuid,
    ProvenStamp Stamp,
    AccountNames Names,
    ImmutableArray<string> Scopes,
    DateTimeOffset CapturedAt,
    DateTimeOffset SpooledAt,
    DateTimeOffset ConfirmedAt,
    ReadOnlyMemory<byte> Envelope) : IntakeItem
{
    /// <summary>Whether the user must choose another password at the next logon (<c>pwdLastSet</c> is 0).</summary>
    public bool MustChangeAtNextLogon { get; init; }

    public override ImmutableArray<CaptureId> CaptureIds => [CaptureId];
}

/// <summary>Captures of which at most one caused the stamp; the edge cannot tell which, or whether. A bind at the source settles it.</summary>
/// <param name="ObjectGuid">The account's objectGUID.</param>
/// <param name="Stamp">The stamp in question.</param>
/// <param name="Names">What the directory calls the account.</param>
/// <param name="Scopes">The sync scopes that the account was found in; never empty.</param>
/// <param name="ConfirmedAt">When the edge gave up telling them apart (the DC's clock).</param>
/// <param name="Candidates">1 to <see cref="CandidatesMax"/>, oldest first.</param>
public sealed record AmbiguousCaptures(
    Guid ObjectGuid,
    ProvenStamp Stamp,
    AccountNames Names,
    ImmutableArray<string> Scopes,
    DateTimeOffset ConfirmedAt,
    ImmutableArray<CandidateCapture> Candidates) : IntakeItem
{
    /// <summary>The most candidates; more are reported as unconfirmed.</summary>
    public const int CandidatesMax = 16;

    /// <summary>Whether the user must choose another password at the next logon (<c>pwdLastSet</c> is 0).</summary>
    public bool MustChangeAtNextLogon { get; init; }

    public override ImmutableArray<CaptureId> CaptureIds => [.. Candidates.Select(candidate => candidate.CaptureId)];
}

/// <summary>One capture that may have caused the stamp.</summary>
/// <param name="CaptureId">The capture.</param>
/// <param name="CapturedAt">When the hook saw the password.</param>
/// <param name="SpooledAt">When it was flushed in the edge's spool.</param>
/// <param name="Envelope">The sealed secret.</param>
public sealed record CandidateCapture(CaptureId CaptureId, DateTimeOffset CapturedAt, DateTimeOffset SpooledAt, ReadOnlyMemory<byte> Envelope);

/// <summary>What the edge found about a capture that is not to be sent. The secret stays where it is and is destroyed.</summary>
/// <param name="CaptureId">The capture.</param>
/// <param name="ObjectGuid">The account's objectGUID; null if the directory has no account for the capture.</param>
/// <param name="AccountName">The name as the hook gave it; empty if the directory has no account for the capture, since nobody can tell then whether it takes part.</param>
/// <param name="Verdict">What was found.</param>
/// <param name="CapturedAt">When the hook saw the password (the DC's clock, as the next).</param>
/// <param name="DecidedAt">When the verdict was reached.</param>
/// <param name="Stamp">For a superseded or overtaken capture the stamp that the domain held instead, where known.</param>
public sealed record CaptureReport(
    CaptureId CaptureId,
    Guid? ObjectGuid,
    string AccountName,
    CaptureVerdict Verdict,
    DateTimeOffset CapturedAt,
    DateTimeOffset DecidedAt,
    ProvenStamp? Stamp) : IntakeItem
{
    public override ImmutableArray<CaptureId> CaptureIds => [CaptureId];
}
