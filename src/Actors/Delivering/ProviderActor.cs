using Microsoft.Extensions.Logging;
using PasswordSync.Actors.Runtime;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

namespace PasswordSync.Actors.Delivering;

/// <summary>
/// One sync point on this node: keeps what is due, people's own changes before bulk work, one entry an identity, and lets a bounded number be carried out at
/// once. A slow or silent target fills only its own queue (I9).
/// </summary>
internal sealed partial class ProviderActor : Actor<ProviderMessage>
{
    private readonly IDeliverer deliverer;
    private readonly ProviderActorOptions options;
    private readonly ILogger logger;
    private readonly DeliveryQueue waiting;
    private readonly Dictionary<IdentityId, (CaptureId CaptureId, Task Delivery)> running = [];
    private readonly Dictionary<IdentityId, Offer> next = [];
    private readonly Rest rest = new();
    private readonly Rest bulkRest = new();
    private bool paused;

    public ProviderActor(IActorContext<ProviderMessage> context, IDeliverer deliverer, ProviderActorOptions options, ILogger logger)
        : base(context)
    {
        this.deliverer = deliverer;
        this.options = options;
        this.logger = logger;
        waiting = new DeliveryQueue(options.QueueMax, options.BulkEvery);
    }

    protected internal override ValueTask ReceiveAsync(ProviderMessage message, CancellationToken cancellationToken)
    {
        switch (message)
        {
            case ProviderMessage.Due due:
                Enqueue(due.Identity, due.Offer);
                break;
            case ProviderMessage.Done done:
                Finish(done);
                break;
            case ProviderMessage.Continue over:
                (over.IsOfBulk ? bulkRest : rest).HasAlarm = false;
                break;
            case ProviderMessage.Pause pause:
                paused = pause.IsPaused;
                break;
            case ProviderMessage.Show show:
                var now = Context.System.Clock.GetUtcNow();
                var resting = rest.Until > now ? rest : bulkRest.Until > now && waiting.HasOnlyBulk ? bulkRest : null;
                show.Reply.TryAnswer(new ProviderStatus(waiting.Count + next.Count, running.Count, resting?.Until) { IsPaused = paused, RestsFor = resting?.For });
                break;
            default:
                throw new InvalidOperationException($"Internal error: unknown message {message.GetType().Name}.");
        }

        StartMore();
        return ValueTask.CompletedTask;
    }

    /// <summary>Begins nothing new and waits for what is in flight; a shutdown that ran out of time cuts it off, and its outcome is then found by its deadline and a probe.</summary>
    protected internal override async ValueTask OnStopAsync(CancellationToken cancellationToken) => await Task.WhenAll(running.Values.Select(entry => entry.Delivery)).ConfigureAwait(false);

    // A newer offer of the same identity takes the older one's place in the queue. While the identity's delivery is being carried out, an offer of another
    // change is kept until that is done; one of the same change is the same delivery again, and comes once more if it is still due then.
    private void Enqueue(IdentityId identity, Offer offer)
    {
        if (running.TryGetValue(identity, out var now))
        {
            if (now.CaptureId != offer.Change.CaptureId) next[identity] = offer;
        }
        else if (!waiting.TryAdd(identity, offer))
        {
            LogQueueFull(options.QueueMax);
        }
    }

    private void Finish(ProviderMessage.Done done)
    {
        running.Remove(done.Identity);
        if (done.Rest is { } told) RestFor(told);
        if (done.Rest is { IsUntouched: true }) waiting.NotBegun(done.Offer);
        if (next.Remove(done.Identity, out var offer)) Enqueue(done.Identity, offer);
        else if (done.Rest is { IsUntouched: true }) Enqueue(done.Identity, done.Offer);
    }

    private void RestFor(PointRest told)
    {
        var resting = told.IsOfBulk ? bulkRest : rest;
        var latest = Context.System.Clock.GetUtcNow() + options.RestMax;
        var until = told.Until < latest ? told.Until : latest;
        if (until <= resting.Until) return;
        (resting.Until, resting.For) = (until, told.Why);
        if (!told.IsOfBulk) LogResting(until);
    }

    private void StartMore()
    {
        if (paused) return;
        var now = Context.System.Clock.GetUtcNow();
        if (rest.Until > now)
        {
            WakeAfter(rest, now);
            return;
        }

        var bulkRests = bulkRest.Until > now;
        while (running.Count < options.Concurrency && waiting.TryTake(bulkRests, out var identity, out var offer))
        {
            var delivery = CarryOutAsync(identity, offer);
            running.Add(identity, (offer.Change.CaptureId, delivery));
            Context.PipeToSelf(_ => delivery);
        }

        if (bulkRests && waiting.Count > 0) WakeAfter(bulkRest, now);
    }

    private void WakeAfter(Rest resting, DateTimeOffset now)
    {
        if (!resting.HasAlarm) Context.Schedule(resting.Until - now, new ProviderMessage.Continue(IsOfBulk: resting == bulkRest));
        resting.HasAlarm = true;
    }

    // Not with the incarnation's own token: a delivery in flight ends by its deadline and tells its outcome, also while this actor stops.
    private async Task<ProviderMessage> CarryOutAsync(IdentityId identity, Offer offer)
    {
        await Task.Yield();
        try
        {
            return new ProviderMessage.Done(identity, offer, await deliverer.DeliverAsync(identity, offer, Context.System.Forced).ConfigureAwait(false));
        }
#pragma warning disable CA1031 // One delivery that breaks must not cost the others their place: the identity offers again what is still due.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (!Context.System.Forced.IsCancellationRequested) LogBroken(identity, failure.GetType(), failure.StackTrace);
            return new ProviderMessage.Done(identity, offer, Rest: null);
        }
    }

    /// <summary>Until when nothing new is begun, of the whole point or of its bulk work.</summary>
    private sealed class Rest
    {
        public DateTimeOffset Until { get; set; } = DateTimeOffset.MinValue;

        public string? For { get; set; }

        public bool HasAlarm { get; set; }
    }

    [LoggerMessage(3401, LogLevel.Warning, "The queue is full ({QueueMax}); further deliveries are offered again later.")]
    private partial void LogQueueFull(int queueMax);

    [LoggerMessage(3402, LogLevel.Information, "Resting until {Until}.")]
    private partial void LogResting(DateTimeOffset until);

    [LoggerMessage(3403, LogLevel.Error, "A delivery of identity {Identity} broke with {ExceptionType}.\n{StackTrace}")]
    private partial void LogBroken(IdentityId identity, Type exceptionType, string? stackTrace);
}
