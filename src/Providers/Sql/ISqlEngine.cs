using System.Data.Common;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Sql;

/// <summary>A kind of database.</summary>
internal interface ISqlEngine : IAsyncDisposable
{
    /// <summary>Where it is, for people.</summary>
    string Place { get; }

    Task<DbConnection> OpenAsync(bool forWriting, CancellationToken cancellationToken);

    /// <summary>Begins a transaction that writes. Waits no longer than the lock time-out for others, here or in a statement.</summary>
    Task<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>Shows what beginning a transaction does not: that something can be written. To be rolled back, and changes nothing even where it is not.</summary>
    /// <returns>That it can be, or why not. What the database itself refuses is thrown.</returns>
    Task<VerificationCheck> TryWritingAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken);

    /// <summary>Adds a parameter whose value is a text that the database reads as what it is compared with.</summary>
    void AddText(DbCommand command, string name, string value);

    /// <summary>Whether this is one of the exceptions that talking to a database brings.</summary>
    bool IsExpected(Exception exception);

    /// <param name="exception">One of those that <see cref="IsExpected"/> names.</param>
    /// <param name="mayHaveWritten">Whether the commit may have been sent.</param>
    DeliveryOutcome Classify(Exception exception, bool mayHaveWritten);
}
