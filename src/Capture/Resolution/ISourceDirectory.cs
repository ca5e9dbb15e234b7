using System.Collections.Immutable;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Capture.Resolution;

/// <summary>What an edge asks its own DC.</summary>
public interface ISourceDirectory
{
    /// <summary>Finds an account and reads the stamp of its password, in one search.</summary>
    /// <exception cref="DirectoryUnavailableException">The DC does not answer, or not usefully.</exception>
    Task<AccountSearch> FindAsync(AccountQuery query, CancellationToken cancellationToken);

    /// <summary>Lets the DC evaluate scopes for an account: the names of those that it is in.</summary>
    /// <exception cref="DirectoryUnavailableException">The DC does not answer, or not usefully.</exception>
    Task<ImmutableArray<string>> MatchAsync(DirectoryAccount account, ImmutableArray<ScopeRule> scopes, CancellationToken cancellationToken);
}

/// <summary>Which account to look for.</summary>
/// <param name="AccountName">The name as the hook gave it (sAMAccountName).</param>
/// <param name="RelativeId">The RID; where it is not 0 it finds the account and the name does not.</param>
/// <param name="Remembered">The objectGUID that the name led to before; tried when the name leads to nothing. Null if there is none.</param>
public sealed record AccountQuery(string AccountName, uint RelativeId, Guid? Remembered);

/// <summary>What a search for an account came to. A closed set.</summary>
/// <param name="StartedAt">When the search began, by the machine's clock, which is the DC's.</param>
/// <param name="CompletedAt">When its answer was there.</param>
public abstract record AccountSearch(DateTimeOffset StartedAt, DateTimeOffset CompletedAt)
{
    /// <summary>No account has the name or the RID.</summary>
    public sealed record NotFound(DateTimeOffset StartedAt, DateTimeOffset CompletedAt) : AccountSearch(StartedAt, CompletedAt);

    /// <summary>The account is of a kind that is never captured.</summary>
    public sealed record Excluded(DateTimeOffset StartedAt, DateTimeOffset CompletedAt, AccountExclusion Reason) : AccountSearch(StartedAt, CompletedAt);

    /// <summary>The account, with the stamp of its password.</summary>
    /// <param name="StartedAt">When the search began.</param>
    /// <param name="CompletedAt">When its answer was there.</param>
    /// <param name="Account">The account.</param>
    /// <param name="InvocationId">The present invocation id of this DC.</param>
    /// <param name="Stamp">The stamp of <c>unicodePwd</c>; null if no password was ever set. Its generation is 0: a node knows better.</param>
    /// <param name="WrittenAt">The stamp's writing time, if the directory gives it: docs/spec/stamp-proof.md, A7.</param>
    /// <param name="IsNameCertain">Captures of the write that made the stamp were made under the name by which the account was found, or by its RID.</param>
    public sealed record Found(
        DateTimeOffset StartedAt, DateTimeOffset CompletedAt, DirectoryAccount Account, Guid InvocationId, Stamp? Stamp, DateTimeOffset? WrittenAt, bool IsNameCertain)
        : AccountSearch(StartedAt, CompletedAt);
}

/// <summary>An account as the directory has it.</summary>
public sealed record DirectoryAccount(Guid ObjectGuid, AccountNames Names)
{
    /// <summary>Whether the user must choose another password at the next logon.</summary>
    public bool MustChangeAtNextLogon { get; init; }
}

/// <summary>Why an account is never captured.</summary>
public enum AccountExclusion
{
    /// <summary>A computer: its password is its own secret.</summary>
    Machine,

    /// <summary>A trust to another domain.</summary>
    Trust,

    /// <summary>A managed service account, standalone or group.</summary>
    ManagedServiceAccount,

    /// <summary>krbtgt, or its like for a read-only DC.</summary>
    KeyDistributionCenter,

    /// <summary>A smart card is required: the DC makes the password up.</summary>
    SmartCardRequired,
}

/// <summary>The DC's directory cannot be asked now. Trying again can help.</summary>
public sealed class DirectoryUnavailableException(string message, Exception? inner) : Exception(message, inner);
