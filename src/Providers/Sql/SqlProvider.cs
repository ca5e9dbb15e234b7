using System.Globalization;
using System.Data.Common;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Probing;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Sql;

/// <summary>Sets passwords in a user table of a database. The mark of a password is the row's version.</summary>
/// <remarks>SQLite has no asynchronous calls, and hashing costs time: all work runs on pool threads, bounded by the point's concurrency and the lock time-out.</remarks>
public sealed class SqlProvider : IProvider
{
    /// <summary>The longest password, in UTF-16 code units: what Active Directory itself takes at most.</summary>
    private const int PasswordLengthMax = 256;

    private readonly SqlOptions options;
    private readonly ISqlEngine engine;
    private readonly SqlUserTable table;

    public SqlProvider(SqlOptions options, ISecretReferences secrets)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        engine = options.Server is { } server ? new PostgreSqlEngine(server, options.LockTimeout, secrets) : new SqliteEngine(options.Database, options.LockTimeout);
        table = new SqlUserTable(options, engine);
        Description = new ProviderDescription(
            SqlProviderFactory.KindName,
            new PasswordLimits(options.PasswordLengthMin, PasswordLengthMax, NeedsWellFormedText: true, AllowedCharacters: null, HistoryLength: 0),
            ShowsMark: true, CanProbeBySignIn: true, ReportsWrittenStamp: false);
    }

    public ProviderDescription Description { get; }

    public Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken) => RunAsync<Preparation>(
        forWriting: false,
        async connection =>
        {
            var (row, obstacle) = await AccountSearch.RunAsync(options.Match, query, (rule, value) => table.FindAsync(connection, rule, value, cancellationToken));
            return row is null
                ? new Preparation.Obstacle(obstacle!)
                : new Preparation.Found(new TargetAccount(row.Key, row.Login, AsSourceAccount: null), MarkOf(row.Version));
        },
        failure => new Preparation.Obstacle(failure),
        () => false,
        cancellationToken);

    public Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } refusal) return Task.FromResult<DeliveryOutcome>(refusal);
        return Task.Run(
            async () =>
            {
                // Before there is a connection, so that none is kept from others for as long as hashing takes.
                var hash = StoredHash.Compute(options.Hash, password, options.Iterations);
                return await RunAsync(forWriting: true, connection => WriteAsync(connection, request, hash, cancellationToken), failure => failure, () => request.Permit.IsUsed, cancellationToken);
            },
            cancellationToken);
    }

    public Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return RunAsync(
            forWriting: false,
            async connection =>
            {
                if (await table.ReadAsync(connection, transaction: null, request.Target.Key, cancellationToken) is not var (version, stored)) return new ProbeVerdict.Inconclusive("The row is gone.");
                var mark = MarkOf(version);
                var comparison = request.Against is null ? MarkComparison.Unknown : request.Against == mark ? MarkComparison.Same : MarkComparison.Different;
                return await ProbeProcedure.RunAsync(request.Kind, comparison, SignInAsync, () => new ProbeVerdict.Present(mark, null));

                Task<SignInResult> SignInAsync() => Task.FromResult<SignInResult>(stored?.Matches(password) == true ? new SignInResult.Accepted() : new SignInResult.WrongPassword());
            },
            failure => new ProbeVerdict.Inconclusive(failure.Explain()!),
            () => false,
            cancellationToken);
    }

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => RunAsync(
        forWriting: true,
        async connection =>
        {
            await table.CheckAsync(connection, cancellationToken);

            // For SQLite: takes the write lock and gives it back.
            await using var transaction = await engine.BeginAsync(connection, cancellationToken);
            var writing = await engine.TryWritingAsync(connection, transaction, cancellationToken);
            await transaction.RollbackAsync(cancellationToken);
            return new VerificationReport(
            [
                VerificationCheck.Passed("reachability", $"{engine.Place} can be opened."),
                VerificationCheck.Passed("statements", "The database can plan every statement: tables, columns and rights are there."),
                writing,
            ]);
        },
        failure => new VerificationReport([VerificationCheck.Failed("database", failure.Explain()!, "Check the database, table, column and statement settings, and the rights of the service's account.")]),
        () => false,
        cancellationToken);

    public ValueTask DisposeAsync() => engine.DisposeAsync();

    private async Task<DeliveryOutcome> WriteAsync(DbConnection connection, SetRequest request, StoredHash hash, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await using var transaction = await engine.BeginAsync(connection, cancellationToken);
        var changed = await table.WriteAsync(connection, transaction, request.Target.Key, hash, cancellationToken);
        if (changed > 1) return new DeliveryOutcome.TargetMisconfigured($"The statement would change {changed} rows; nothing was changed. Make the key (keyColumn, setStatement) unique.");

        // Read afterwards and not by RETURNING, which does not see what a trigger of the table does to the version.
        var stored = changed == 0 ? null : await table.ReadAsync(connection, transaction, request.Target.Key, cancellationToken);
        if (stored is not var (version, _)) return new DeliveryOutcome.AccountNotFound($"The row of '{request.Target.DisplayName}' is gone.");

        // The permit last: waiting for locks may have taken us past the deadline, and until the commit nobody sees anything of it.
        if (request.Permit.Use() is { } late) return late;
        await transaction.CommitAsync(cancellationToken);
        return new DeliveryOutcome.Delivered(MarkOf(version), WrittenStamp: null);
    }

    private Task<TResult> RunAsync<TResult>(
        bool forWriting, Func<DbConnection, Task<TResult>> work, Func<DeliveryOutcome, TResult> onFailure, Func<bool> mayHaveWritten, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            try
            {
                await using var connection = await engine.OpenAsync(forWriting, cancellationToken);
                return await work(connection);
            }
            catch (Exception e) when (engine.IsExpected(e))
            {
                cancellationToken.ThrowIfCancellationRequested();
                return onFailure(engine.Classify(e, mayHaveWritten()));
            }
        },
        cancellationToken);

    private static TargetMark MarkOf(long version) => new(version.ToString(CultureInfo.InvariantCulture));
}
