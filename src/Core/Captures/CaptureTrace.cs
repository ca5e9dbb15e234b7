namespace PasswordSync.Core.Captures;

/// <summary>Whence a capture came that did not become a change. For people only: nothing is decided by it. What is not known is null.</summary>
/// <param name="AccountName">What the account was called: by the directory, or by the hook where nothing more is known.</param>
/// <param name="CapturedAt">When the filter or helper saw the password (the DC's clock).</param>
/// <param name="AcceptedAt">When a node had committed it to the inbox (the node's clock).</param>
public sealed record CaptureTrace(string AccountName, DateTimeOffset CapturedAt, DateTimeOffset AcceptedAt)
{
    /// <summary>How much of an account's name is kept, in UTF-16 code units: as much as a directory allows.</summary>
    public const int AccountNameLengthMax = 256;

    /// <summary>The DC whose edge told of it, by the edge's certificate.</summary>
    public string? DomainController { get; init; }

    /// <summary>The invocation id in the stamp that the capture was to have caused.</summary>
    public Guid? InvocationId { get; init; }

    /// <summary>When the edge had it flushed in its spool (the DC's clock).</summary>
    public DateTimeOffset? SpooledAt { get; init; }

    /// <summary>When the edge had proven its stamp (the DC's clock).</summary>
    public DateTimeOffset? ConfirmedAt { get; init; }

    /// <summary>The trace of a capture that came as a change.</summary>
    public static CaptureTrace Of(Change change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var (name, stages) = (change.Names.SamAccountName, change.Stages);
        return new CaptureTrace(name, stages.CapturedAt, stages.AcceptedAt) { InvocationId = change.Stamp.InvocationId, SpooledAt = stages.SpooledAt, ConfirmedAt = stages.ConfirmedAt };
    }
}
