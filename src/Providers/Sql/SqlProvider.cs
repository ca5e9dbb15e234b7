using System.Globalization;
using Microsoft.Data.Sqlite;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Probing;

namespace PasswordSync.Providers.Sql;

/// <summary>Sets passwords in a user table of a SQLite file. The mark of a password is the row's version.</summary>
/// <remarks>SQLite has no asynchronous calls: all work runs on pool threads, bounded by the point's concurrency and the lock time-out.</remarks>
public sealed class SqlProvider(SqlOptions options) : IProvider
{
    private readonly SqlUserTable table = new(options);

    public ProviderDescription Description { get; } = new(
        SqlProviderFactory.KindName,
        new PasswordLimits(options.PasswordLengthMin, PasswordLengthMax, NeedsWellFormedText: true, AllowedCharacters: null, HistoryLength: 0),
        ShowsMark: true, CanProbeBySignIn: true, ReportsWrittenStamp: false);

    /// <summary>The longest password, in UTF-16 code units: what Active Directory itself takes at most.</summary>
    private const int PasswordLengthMax = 256;

    public Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken) => RunAsync<Preparation>(
        async () =>
        {
            using var connection = table.Open(SqliteOpenMode.ReadOnly);
            var (row, obstacle) = await AccountSearch.RunAsync(options.Match, query, (rule, value) => Task.FromResult(table.Find(connection, rule, value)));
            return row is null
                ? new Preparation.Obstacle(obstacle!)
                : new Preparation.Found(new TargetAccount(row.Key, row.Login, AsSourceAccount: null), MarkOf(row.Version));
        },
        e => new Preparation.Obstacle(SqlFailures.BeforeWrite(e)),
        cancellationToken);

    public Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } refusal) return Task.FromResult<DeliveryOutcome>(refusal);
        return RunAsync(
            () => Task.FromResult(Write(request, password)),
            e => request.Permit.IsUsed ? SqlFailures.AfterWriteBegan(e) : SqlFailures.BeforeWrite(e),
            cancellationToken);
    }

    public Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return RunAsync(
            () =>
            {
                using var connection = table.Open(SqliteOpenMode.ReadOnly);
                if (table.Read(connection, request.Target.Key) is not var (version, stored)) return Task.FromResult<ProbeVerdict>(new ProbeVerdict.Inconclusive("The row is gone."));
                var mark = MarkOf(version);
                var comparison = request.Against is null ? MarkComparison.Unknown : request.Against == mark ? MarkComparison.Same : MarkComparison.Different;
                return ProbeProcedure.RunAsync(request.Kind, comparison, SignInAsync, () => new ProbeVerdict.Present(mark, null));

                Task<SignInResult> SignInAsync() => Task.FromResult<SignInResult>(stored?.Matches(password) == true ? new SignInResult.Accepted() : new SignInResult.WrongPassword());
            },
            e => new ProbeVerdict.Inconclusive(SqlFailures.BeforeWrite(e).Explain()!),
            cancellationToken);
    }

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => RunAsync(
        () =>
        {
            using var connection = table.Open(SqliteOpenMode.ReadWrite);
            table.Check(connection);

            // Takes the write lock and gives it back: proof that the file and its folder can be written, without a change.
            using var transaction = connection.BeginTransaction(deferred: false);
            transaction.Rollback();
            return Task.FromResult(new VerificationReport(
            [
                VerificationCheck.Passed("reachability", $"{options.Database} can be opened."),
                VerificationCheck.Passed("table", $"{options.Table} has the columns."),
                VerificationCheck.Passed("rights", "The file can be locked for writing."),
            ]));
        },
        e => new VerificationReport([VerificationCheck.Failed("database", SqlFailures.BeforeWrite(e).Explain()!, "Check the database, table and column settings, and that the service's account may write the file and its folder.")]),
        cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private DeliveryOutcome Write(SetRequest request, Secret password)
    {
        var hash = SqlPasswordHash.Compute(password, options.Iterations);
        using var connection = table.Open(SqliteOpenMode.ReadWrite);

        // The lock first, the permit second: waiting for the lock may take us past the deadline.
        using var transaction = connection.BeginTransaction(deferred: false);
        if (request.Permit.Use() is { } refusal) return refusal;
        if (table.Write(connection, transaction, request.Target.Key, hash) is not { } version)
        {
            return new DeliveryOutcome.AccountNotFound($"The row of '{request.Target.DisplayName}' is gone.");
        }

        transaction.Commit();
        return new DeliveryOutcome.Delivered(MarkOf(version), WrittenStamp: null);
    }

    private static async Task<TResult> RunAsync<TResult>(Func<Task<TResult>> work, Func<SqliteException, TResult> onFailure, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(work, cancellationToken);
        }
        catch (SqliteException e)
        {
            return onFailure(e);
        }
    }

    private static TargetMark MarkOf(long version) => new(version.ToString(CultureInfo.InvariantCulture));
}
