namespace PasswordSync.Providers.Abstractions;

/// <summary>
/// The one class that a provider of your own consists of: a system that has accounts with passwords. Its methods are called one after the other, never two
/// at once. Expected failures are answers; an exception counts as "unknown" for a write and as "try again" for everything else, and its message is not shown,
/// since it may hold the password.
/// </summary>
public abstract class PasswordTarget : IAsyncDisposable
{
    /// <summary>What passwords it takes at all, and what it can do. The same for its whole life.</summary>
    public virtual TargetDescription Description { get; } = new();

    /// <summary>Finds the account in the target that belongs to an account of the source. Changes nothing.</summary>
    public abstract Task<FindAnswer> FindAsync(SourceAccount account, CancellationToken cancellationToken);

    /// <summary>
    /// Sets the password. The same change may come again, when the outcome of an earlier attempt is unknown: <see cref="PasswordChange.CaptureId"/> is the same
    /// then, and setting the same password again must be harmless.
    /// </summary>
    /// <param name="change">For whom, and which change.</param>
    /// <param name="password">The new password; wiped after the task has ended.</param>
    /// <param name="cancellationToken">The server stops the process soon after it gave up.</param>
    public abstract Task<WriteAnswer> SetPasswordAsync(PasswordChange change, SecretText password, CancellationToken cancellationToken);

    /// <summary>Tells whether the target has this password. Must not be able to lock the account: one sign-in at most. Only asked if <see cref="TargetDescription.CanProbe"/>.</summary>
    public virtual Task<ProbeAnswer> ProbeAsync(ProbeQuestion question, SecretText password, CancellationToken cancellationToken) =>
        Task.FromResult(ProbeAnswer.CannotTell("This target cannot be asked."));

    /// <summary>Checks settings, reachability, credentials and rights. Changes nothing.</summary>
    public abstract Task<CheckAnswer> VerifyAsync(CancellationToken cancellationToken);

    /// <summary>Called when the server closes the plug-in.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>What a target takes and can do.</summary>
public sealed record TargetDescription
{
    /// <summary>The shortest password it takes, in UTF-16 code units. Default 1; 0 to 256.</summary>
    public int LengthMin { get; init; } = 1;

    /// <summary>The longest password it takes, in UTF-16 code units. Default and most 256, which is what Active Directory takes.</summary>
    public int LengthMax { get; init; } = 256;

    /// <summary>Which characters it takes, for people; null if all.</summary>
    public string? AllowedCharacters { get; init; }

    /// <summary>How many earlier passwords it refuses; null if that is not known.</summary>
    public int? HistoryLength { get; init; }

    /// <summary>Whether <see cref="PasswordTarget.ProbeAsync"/> can tell anything.</summary>
    public bool CanProbe { get; init; }
}

/// <summary>An account of the source, as its directory called it when the change was captured. Nothing of it is secret.</summary>
/// <param name="Source">The source's name.</param>
/// <param name="ObjectGuid">The account's objectGUID.</param>
/// <param name="DistinguishedName">Its distinguished name.</param>
/// <param name="SamAccountName">Its sAMAccountName.</param>
/// <param name="UserPrincipalName">Its userPrincipalName, if it has one.</param>
/// <param name="Mail">Its mail, if it has one.</param>
public sealed record SourceAccount(string Source, Guid ObjectGuid, string DistinguishedName, string SamAccountName, string? UserPrincipalName = null, string? Mail = null);

/// <summary>An account of the target.</summary>
/// <param name="Key">The target's own lasting key for it; at most 512 characters.</param>
/// <param name="Name">How people know it there.</param>
public sealed record TargetAccount(string Key, string Name);

/// <summary>A password to set.</summary>
/// <param name="Account">The account, as <see cref="PasswordTarget.FindAsync"/> found it.</param>
/// <param name="CaptureId">The change; the same in every repeat.</param>
/// <param name="MustChangeAtNextLogon">Whether the source wants the person to choose another password at the next logon.</param>
/// <param name="Mark">What <see cref="FindAnswer.Found"/> told of the password's age before the first attempt; null if nothing.</param>
public sealed record PasswordChange(TargetAccount Account, Guid CaptureId, bool MustChangeAtNextLogon, string? Mark = null);

/// <summary>A question whether a password is in the target.</summary>
/// <param name="Account">The account.</param>
/// <param name="IsRecheck">False: the password may have arrived by an earlier attempt without an answer. True: it had arrived, and an older one may have replaced it since.</param>
/// <param name="Against">The mark before the earlier attempt, or after our write; null if there is none.</param>
public sealed record ProbeQuestion(TargetAccount Account, bool IsRecheck, string? Against = null);
