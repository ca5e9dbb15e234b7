using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Deliveries;

/// <summary>How one attempt to set a password in a target ended. A closed set; expected failures are values, never exceptions.</summary>
/// <remarks>
/// <c>Reason</c> texts are for people and are journalled: a provider redacts what the target said before it puts it here, since targets'
/// diagnostics echo passwords.
/// </remarks>
public abstract record DeliveryOutcome
{
    private DeliveryOutcome() { }

    /// <summary>Whether the target has the password now.</summary>
    public bool IsSuccess => this is Delivered or AlreadyThere;

    /// <summary>The server that the password was, or may have been, sent to, as <c>host:port</c>; null if none was sent, the target has no such name, or the provider does not tell it.</summary>
    public string? Server { get; init; }

    /// <summary>The reason, for people; null for a success.</summary>
    public string? Explain() => this switch
    {
        Delivered or AlreadyThere => null,
        Transient transient => transient.Reason,
        Throttled throttled => throttled.Reason,
        RefusedByPolicy refused => refused.Reason,
        TargetMisconfigured misconfigured => misconfigured.Reason,
        AccountNotFound missing => missing.Reason,
        Overtaken overtaken => overtaken.Reason,
        Unknown unknown => unknown.Reason,
        _ => throw new InvalidOperationException($"Internal error: unknown outcome {GetType().Name}."),
    };

    /// <summary>The target took the password.</summary>
    /// <param name="Mark">What the target's own version or last-change time reads after the write; null where the target shows none.</param>
    /// <param name="WrittenStamp">Where the target is itself a source: the stamp that our write caused.</param>
    public sealed record Delivered(TargetMark? Mark, Stamp? WrittenStamp) : DeliveryOutcome;

    /// <summary>A probe found that the target has this change already; nothing was written.</summary>
    public sealed record AlreadyThere(TargetMark? Mark, Stamp? WrittenStamp) : DeliveryOutcome;

    /// <summary>The target could not do it now and certainly did not do it; trying again can help.</summary>
    public sealed record Transient(string Reason) : DeliveryOutcome;

    /// <summary>The target asked for a pause until a point in time. Does not count as an attempt.</summary>
    public sealed record Throttled(DateTimeOffset Until, string Reason) : DeliveryOutcome;

    /// <summary>The target refuses this password by its rules; trying the same again cannot help.</summary>
    public sealed record RefusedByPolicy(string Reason) : DeliveryOutcome;

    /// <summary>The sync point's settings, credentials, certificate or rights are wrong; an operator must act. Tried again slowly meanwhile.</summary>
    public sealed record TargetMisconfigured(string Reason) : DeliveryOutcome;

    /// <summary>No account in the target matches, or more than one does. It may appear later.</summary>
    public sealed record AccountNotFound(string Reason) : DeliveryOutcome;

    /// <summary>
    /// The account in the target, itself one of a source, has a newer password of its own, or the account that the change comes from has got another one meanwhile. Nothing
    /// was written, and nothing is to be.
    /// </summary>
    public sealed record Overtaken(string Reason) : DeliveryOutcome;

    /// <summary>The request may or may not have reached the target (time-out, connection lost after sending, node died).</summary>
    public sealed record Unknown(string Reason) : DeliveryOutcome;
}
