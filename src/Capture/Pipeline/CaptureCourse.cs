using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Listener;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.Spool;
using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Pipeline;

/// <summary>What happens to captures once they are decided: scope and grace, the way to a node, and out of the spool. Each on its own; none waits for another.</summary>
internal sealed partial class CaptureCourse(
    ISourceDirectory directory, Uplink.Uplink uplink, CaptureSpool spool, ScopeState scopes, EdgePipelineOptions options, IAlarmSink alarms, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly ConcurrentDictionary<Course, bool> courses = [];
    private readonly SemaphoreSlim matchSlots = new(options.MatchesAtOnce);
    private readonly SemaphoreSlim sendSlots = new(options.SendsAtOnce);
    private readonly CancellationTokenSource stopping = new();
    private readonly SendWatch watch = new(options.AnswerWithin, alarms, time);
    private long sent;
    private long reported;
    private long unwanted;
    private long excluded;

    private enum Stage
    {
        Matching,
        InGrace,
        Sending,
    }

    /// <summary>Takes over. Never waits.</summary>
    public void Begin(DecidedCaptures decided)
    {
        var course = new Course(decided, CancellationTokenSource.CreateLinkedTokenSource(stopping.Token));
        courses.TryAdd(course, true);
        course.Task = Task.Run(() => RunAsync(course), CancellationToken.None);
    }

    /// <summary>Ends all courses where they are; what they did not bring to its end is in the spool.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(courses.Keys.Select(course => course.Task));
    }

    /// <summary>Raises or clears the alarm that no node answers; with a full spool, lets confirmed captures go for which a newer one of the same account is confirmed.</summary>
    public void Care(bool isSpoolFull)
    {
        watch.Look();
        if (!isSpoolFull) return;
        var confirmed = courses.Keys.Where(course => course.Confirmed is not null).GroupBy(course => course.ObjectGuid);
        foreach (var older in confirmed.SelectMany(account => account.OrderByDescending(course => course.Confirmed!.Value).Skip(1))) older.GiveWay();
    }

    public EdgeStatus Status(int accountsProving)
    {
        var now = courses.Keys.ToList();
        return new EdgeStatus(
            accountsProving,
            now.Count(course => course.Stage == Stage.Matching),
            now.Count(course => course.Stage == Stage.InGrace),
            now.Count(course => course.Stage == Stage.Sending),
            Interlocked.Read(ref sent),
            Interlocked.Read(ref reported),
            Interlocked.Read(ref unwanted),
            Interlocked.Read(ref excluded),
            now.Count == 0 ? null : now.Min(course => course.Decided.Captures[0].CapturedAt),
            spool.Status);
    }

    public void Dispose()
    {
        matchSlots.Dispose();
        sendSlots.Dispose();
        stopping.Dispose();
    }

    private async Task RunAsync(Course course)
    {
        var token = course.Ending.Token;
        try
        {
            switch (course.Decided)
            {
                case DecidedCaptures.Excluded decided:
                    LogExcluded(logger, decided.Captures.Count, decided.Reason);
                    await SettleAsync(decided.Captures, Settlement.Excluded, token);
                    Interlocked.Add(ref excluded, decided.Captures.Count);
                    break;
                case DecidedCaptures.WithoutAccount decided:
                    foreach (var capture in decided.Captures)
                    {
                        alarms.Raise(new EdgeAlarm.CaptureUnconfirmed(capture.CaptureId, capture.AccountName, "the directory has no account of that name (any more)."));
                        await ReportAsync(course, capture, WithoutAccount(capture, decided.DecidedAt), token);
                    }

                    break;
                case DecidedCaptures.Proven { Verdict: StampVerdict.Confirmed or StampVerdict.Ambiguous } decided:
                    await DeliverAsync(course, decided, token);
                    break;
                case DecidedCaptures.Proven decided:
                    await ReportProvenAsync(course, decided, token);
                    break;
                default:
                    throw new InvalidOperationException($"Internal error: unknown {course.Decided.GetType()}.");
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // What was not brought to its end is in the spool.
        }
        catch (OperationCanceledException) when (course.HasGivenWay)
        {
            LogGaveWay(logger, course.Decided.Captures[0].CaptureId);
            await SettleAsync(course.Decided.Captures, Settlement.GaveWay, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception exception)
        {
            // A bug must not stop the others' captures. These stay in the spool, and the next start tries them again.
            LogBroken(logger, exception, course.Decided.Captures[0].CaptureId);
        }
        finally
        {
            courses.TryRemove(course, out _);
            course.Ending.Dispose();
        }
    }

    private async Task DeliverAsync(Course course, DecidedCaptures.Proven decided, CancellationToken cancellationToken)
    {
        var matched = await WantedAsync(course, decided, hasGrace: true, cancellationToken);
        if (matched.IsEmpty)
        {
            await DestroyAsync(decided, cancellationToken);
            return;
        }

        course.Stage = Stage.Sending;
        await sendSlots.WaitAsync(cancellationToken);
        try
        {
            if (ItemOf(decided, matched) is { } item) await SendAsync(decided.Captures, item, Settlement.Accepted, cancellationToken);
        }
        finally
        {
            // Whatever became of it: the slot is for the next.
            sendSlots.Release();
        }

        Interlocked.Add(ref sent, decided.Captures.Count);
    }

    private async Task ReportProvenAsync(Course course, DecidedCaptures.Proven decided, CancellationToken cancellationToken)
    {
        if (decided.Verdict is StampVerdict.Unconfirmed doubt)
        {
            alarms.Raise(new EdgeAlarm.CaptureUnconfirmed(doubt.Capture.CaptureId, decided.Account.Names.SamAccountName, doubt.Reason));
        }

        // Nothing of an account that takes no part leaves the DC, not even a report.
        if ((await WantedAsync(course, decided, hasGrace: false, cancellationToken)).IsEmpty) await DestroyAsync(decided, cancellationToken);
        else foreach (var capture in decided.Captures) await ReportAsync(course, capture, ReportOf(capture, decided), cancellationToken);
    }

    private async Task ReportAsync(Course course, ObservedCapture capture, CaptureReport report, CancellationToken cancellationToken)
    {
        course.Stage = Stage.Sending;
        LogNotSent(logger, capture.CaptureId, report.Verdict);
        await SendAsync([capture], report, Settlement.Reported, cancellationToken);
        Interlocked.Increment(ref reported);
    }

    private async Task DestroyAsync(DecidedCaptures decided, CancellationToken cancellationToken)
    {
        await SettleAsync(decided.Captures, Settlement.Unwanted, cancellationToken);
        Interlocked.Add(ref unwanted, decided.Captures.Count);
    }

    /// <summary>The scopes that the account is in, asked again within the grace time while there are none. Waits for the first configuration.</summary>
    private async Task<ImmutableArray<string>> WantedAsync(Course course, DecidedCaptures.Proven decided, bool hasGrace, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (configuration, changed) = scopes.Current;
            if (configuration is null)
            {
                await changed.WaitAsync(cancellationToken);
                continue;
            }

            course.Stage = Stage.Matching;
            var matched = await MatchAsync(decided.Account, configuration.Scopes, cancellationToken);
            if (!matched.IsEmpty || !hasGrace) return matched;
            var now = time.GetUtcNow();
            if (GraceSchedule.Next(decided.Captures[^1].CapturedAt, TimeSpan.FromSeconds(configuration.GraceSeconds), now) is not { } again) return matched;
            course.Stage = Stage.InGrace;
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(changed.WaitAsync(waiting.Token), Task.Delay(again - now, time, waiting.Token));
            await waiting.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<ImmutableArray<string>> MatchAsync(DirectoryAccount account, ImmutableArray<ScopeRule> rules, CancellationToken cancellationToken)
    {
        while (true)
        {
            await matchSlots.WaitAsync(cancellationToken);
            try
            {
                return await directory.MatchAsync(account, rules, cancellationToken);
            }
            catch (DirectoryUnavailableException exception)
            {
                LogCannotMatch(logger, exception.Message);
                alarms.Raise(new EdgeAlarm.DirectoryUnavailable(exception.Message));
            }
            finally
            {
                // The pause below needs no slot.
                matchSlots.Release();
            }

            await Task.Delay(options.DirectoryPause, time, cancellationToken);
        }
    }

    private async Task SendAsync(IReadOnlyList<ObservedCapture> captures, IntakeItem item, Settlement ifTaken, CancellationToken cancellationToken)
    {
        ImmutableArray<CaptureAnswer> answers;
        using (watch.Begin()) answers = await uplink.SendAsync(item, cancellationToken);
        foreach (var capture in captures)
        {
            var answer = answers.FirstOrDefault(one => one.CaptureId == capture.CaptureId);
            if (answer is { Kind: AnswerKind.Refused })
            {
                var reason = answer.Reason ?? RefusalReason.Malformed;
                LogRefused(logger, capture.CaptureId, reason, answer.Detail);
                alarms.Raise(new EdgeAlarm.CaptureRefused(capture.CaptureId, reason, answer.Detail));
                await spool.SettleAsync(capture.CaptureId, Settlement.Refused, cancellationToken);
            }
            else
            {
                await spool.SettleAsync(capture.CaptureId, ifTaken, cancellationToken);
            }
        }
    }

    private Task SettleAsync(IReadOnlyList<ObservedCapture> captures, Settlement how, CancellationToken cancellationToken) =>
        Task.WhenAll(captures.Select(capture => spool.SettleAsync(capture.CaptureId, how, cancellationToken)));

    private sealed class Course(DecidedCaptures decided, CancellationTokenSource ending)
    {
        public DecidedCaptures Decided { get; } = decided;

        public CancellationTokenSource Ending { get; } = ending;

        public Task Task { get; set; } = Task.CompletedTask;

        public Stage Stage { get; set; }

        public bool HasGivenWay { get; private set; }

        public Guid? ObjectGuid => (Decided as DecidedCaptures.Proven)?.Account.ObjectGuid;

        public Core.Stamps.Stamp? Confirmed => (Decided as DecidedCaptures.Proven)?.Verdict is StampVerdict.Confirmed confirmed ? confirmed.Stamp : null;

        public void GiveWay()
        {
            HasGivenWay = true;
            try
            {
                Ending.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has just come to its end.
            }
        }
    }
}
