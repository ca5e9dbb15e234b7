using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Listener;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.Spool;
using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;

namespace PasswordSync.Capture.Pipeline;

/// <summary>Looks at the accounts of captures until every capture is decided: resolver and stamp proof together. No account waits for another.</summary>
internal sealed partial class ProofLoop(
    ISourceDirectory directory,
    Func<CancellationToken, Task<DrainResult>> drain,
    CaptureSpool spool,
    Action<DecidedCaptures> onDecided,
    EdgePipelineOptions options,
    IAlarmSink alarms,
    TimeProvider time,
    ILogger logger) : IDisposable
{
    private static readonly TimeSpan IdleWait = TimeSpan.FromMinutes(1);

    private readonly ProofSchedule schedule = new();
    private readonly SemaphoreSlim slots = new(options.LooksAtOnce);
    private readonly ConcurrentDictionary<string, Guid> guidsByName = new(StringComparer.OrdinalIgnoreCase);
    private int directoryFailures;

    /// <summary>How many accounts have captures that are not decided.</summary>
    public int AccountsOpen => schedule.Count;

    /// <summary>Adds a capture. Quick; never waits.</summary>
    public void Observe(ObservedCapture capture) => schedule.Add(capture, time.GetUtcNow());

    /// <summary>Keeps in mind which account a name led to.</summary>
    public void RememberName(string name, Guid objectGuid)
    {
        if (guidsByName.Count < options.NamesMax || guidsByName.ContainsKey(name)) guidsByName[name] = objectGuid;
    }

    /// <summary>Looks until cancelled, then lets the looks under way end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var looks = new HashSet<Task>();
        try
        {
            while (true)
            {
                await slots.WaitAsync(cancellationToken);
                var now = time.GetUtcNow();
                if (schedule.Take(now, out var nextAt) is { } work)
                {
                    looks.RemoveWhere(look => look.IsCompleted);
                    looks.Add(LookAsync(work, cancellationToken));
                    continue;
                }

                slots.Release();
                await schedule.WaitAsync((nextAt - now) ?? IdleWait, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for. What is not decided is in the spool.
        }
        finally
        {
            await Task.WhenAll(looks);
        }
    }

    public void Dispose() => slots.Dispose();

    private async Task LookAsync(AccountWork work, CancellationToken cancellationToken)
    {
        var dueAt = time.GetUtcNow() + options.DirectoryPause;
        try
        {
            dueAt = await ConcludeAsync(work, cancellationToken);
            if (Interlocked.Exchange(ref directoryFailures, 0) > 0) alarms.Clear<EdgeAlarm.DirectoryUnavailable>();
        }
        catch (DirectoryUnavailableException exception)
        {
            if (Interlocked.Increment(ref directoryFailures) == 1) LogDirectoryUnavailable(logger, exception.Message);
            alarms.Raise(new EdgeAlarm.DirectoryUnavailable(exception.Message));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // What is not decided is in the spool.
        }
        catch (Exception exception)
        {
            // A bug must not stop the other accounts.
            LogBroken(logger, exception, work.AccountName);
            dueAt = time.GetUtcNow() + options.BrokenPause;
        }
        finally
        {
            // Also after a failure: neither the account nor the slot may be lost.
            schedule.Return(work, dueAt, time.GetUtcNow());
            slots.Release();
        }
    }

    /// <returns>When to look again.</returns>
    private async Task<DateTimeOffset> ConcludeAsync(AccountWork work, CancellationToken cancellationToken)
    {
        Guid? remembered = guidsByName.TryGetValue(work.AccountName, out var guid) ? guid : null;
        var search = await directory.FindAsync(new AccountQuery(work.AccountName, work.Key.RelativeId, remembered), cancellationToken);

        // Observe first (docs/spec/stamp-proof.md): whatever was dropped before the look ended is taken before anything is concluded from it.
        var observedThrough = time.GetUtcNow();
        var drained = await drain(cancellationToken);
        schedule.TakeArrived(work);
        if (work.Open.Count == 0) return time.GetUtcNow();
        if (drained.LeftBehind.Contains(work.Key) || MayMissOne(OpenOf(work)[0], drained)) return time.GetUtcNow() + options.Rules.PauseMax;

        switch (search)
        {
            case AccountSearch.Found found:
                return await ProveAsync(work, found, observedThrough, cancellationToken);
            case AccountSearch.Excluded excluded:
                Decide(work, new DecidedCaptures.Excluded(OpenOf(work), time.GetUtcNow(), excluded.Reason));
                return time.GetUtcNow();
            case AccountSearch.NotFound notFound:
                var late = OpenOf(work).Where(capture => notFound.StartedAt >= capture.CapturedAt + options.Rules.CommitWithin).ToList();
                if (late.Count > 0) Decide(work, new DecidedCaptures.WithoutAccount(late, time.GetUtcNow()));
                return work.Open.Count == 0 ? time.GetUtcNow() : StampProver.NextLook(notFound.CompletedAt, OpenOf(work)[^1].CapturedAt, options.Rules);
            default:
                throw new InvalidOperationException($"Internal error: unknown result {search.GetType()}.");
        }
    }

    private async Task<DateTimeOffset> ProveAsync(AccountWork work, AccountSearch.Found found, DateTimeOffset observedThrough, CancellationToken cancellationToken)
    {
        var account = found.Account;
        if (work.ObjectGuid != account.ObjectGuid)
        {
            work.ObjectGuid = account.ObjectGuid;
            work.Proof = spool.TryGetAccount(account.ObjectGuid, out var state) && AccountMemory.TryRead(state.Value.Span, out var memory) ? memory.ToProof() : AccountProof.Unknown;
        }

        RememberName(account.Names.SamAccountName, account.ObjectGuid);
        foreach (var capture in work.Open.Values) work.Proof = work.Proof.Observe(new OpenCapture(capture.CaptureId, capture.CapturedAt));
        var look = new AccountLook(found.StartedAt, found.CompletedAt, observedThrough, found.InvocationId, found.Stamp, found.WrittenAt, found.IsNameCertain);
        var step = StampProver.Conclude(work.Proof, look, options.Rules);
        if (step.NotCaptured is { } stamp) alarms.Raise(new EdgeAlarm.ChangeNotCaptured(new AccountId(options.Source, account.ObjectGuid), stamp));

        // A stamp that is spoken for is remembered as such before anything else can be proven or settled: else it could be given twice.
        if (!step.Verdicts.IsEmpty)
        {
            var memory = new AccountMemory(step.Proof.Known!, step.Proof.SettledThrough, account.Names.SamAccountName);
            await spool.RememberAccountAsync(account.ObjectGuid, memory.Write(), cancellationToken);
        }

        work.Proof = step.Proof;
        foreach (var verdict in step.Verdicts)
        {
            LogVerdict(logger, verdict.GetType().Name, account.ObjectGuid, verdict.Captures[^1].CaptureId);
            Decide(work, new DecidedCaptures.Proven([.. verdict.Captures.Select(capture => work.Open[capture.CaptureId])], time.GetUtcNow(), verdict, account));
        }

        return step.LookAgainAt ?? time.GetUtcNow();
    }

    private void Decide(AccountWork work, DecidedCaptures decided)
    {
        onDecided(decided);
        foreach (var capture in decided.Captures) work.Open.Remove(capture.CaptureId);
    }

    // What an older file hides was committed, if ever, before this was captured: it cannot be mixed up with what is open.
    private bool MayMissOne(ObservedCapture earliest, DrainResult drained) => earliest.CapturedAt - drained.UnreadUntil <= options.Rules.CommitWithin;

    private static List<ObservedCapture> OpenOf(AccountWork work) => [.. work.Open.Values.OrderBy(capture => capture.CapturedAt)];

    [LoggerMessage(EventId = 5061, Level = LogLevel.Error, Message = "{Reason} Captures wait.")]
    private static partial void LogDirectoryUnavailable(ILogger logger, string reason);

    [LoggerMessage(EventId = 5062, Level = LogLevel.Error, Message = "Captures of account {AccountName} cannot be worked off now")]
    private static partial void LogBroken(ILogger logger, Exception exception, string accountName);

    [LoggerMessage(EventId = 5063, Level = LogLevel.Debug, Message = "{Verdict}: account {ObjectGuid}, capture {CaptureId}")]
    private static partial void LogVerdict(ILogger logger, string verdict, Guid objectGuid, CaptureId captureId);
}
