using Microsoft.Extensions.Logging;
using PasswordSync.Actors.Runtime;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

namespace PasswordSync.Actors.Delivering;

/// <summary>
/// One sync point on this node: keeps what is due in the order in which it came, one entry an identity, and lets a bounded number be carried out at
/// once. A slow or silent target fills only its own queue (I9).
/// </summary>
internal sealed partial class ProviderActor : Actor<ProviderMessage>
{
    private readonly IDeliverer deliverer;
    private readonly ProviderActorOptions options;
    private readonly ILogger logger;
    private readonly Queue<IdentityId> waiting = new();
    private readonly Dictionary<IdentityId, Offer> offers = [];
    private readonly HashSet<IdentityId> running = [];
    private DateTimeOffset restUntil = DateTimeOffset.MinValue;
    private bool alarmSet;

    public ProviderActor(IActorContext<ProviderMessage> context, IDeliverer deliverer, ProviderActorOptions options, ILogger logger)
        : base(context)
    {
        this.deliverer = deliverer;
        this.options = options;
        this.logger = logger;
    }

    protected internal override ValueTask ReceiveAsync(ProviderMessage message, CancellationToken cancellationToken)
    {
        switch (message)
        {
            case ProviderMessage.Due due:
                Enqueue(due.Identity, due.Offer);
                break;
            case ProviderMessage.Done done:
                running.Remove(done.Identity);
                if (done.RestUntil > restUntil) Rest(done.RestUntil.Value);
                break;
            case ProviderMessage.Continue:
                alarmSet = false;
                break;
            case ProviderMessage.Show show:
                show.Reply.TryAnswer(new ProviderStatus(waiting.Count, running.Count, restUntil > Context.System.Clock.GetUtcNow() ? restUntil : null));
                break;
            default:
                throw new InvalidOperationException($"Internal error: unknown message {message.GetType().Name}.");
        }

        StartMore();
        return ValueTask.CompletedTask;
    }

    // A newer offer of the same identity takes the older one's place in the queue. One that is being carried out is not queued again: if it is still
    // due afterwards, the identity offers it anew.
    private void Enqueue(IdentityId identity, Offer offer)
    {
        if (running.Contains(identity) && offers.GetValueOrDefault(identity) == offer) return;
        if (offers.ContainsKey(identity) && !running.Contains(identity))
        {
            offers[identity] = offer;
            return;
        }

        if (waiting.Count >= options.QueueMax)
        {
            LogQueueFull(options.QueueMax);
            return;
        }

        waiting.Enqueue(identity);
        offers[identity] = offer;
    }

    private void StartMore()
    {
        if (restUntil > Context.System.Clock.GetUtcNow())
        {
            if (!alarmSet) Context.Schedule(restUntil - Context.System.Clock.GetUtcNow(), ProviderMessage.Continue.Instance);
            alarmSet = true;
            return;
        }

        for (var left = waiting.Count; left > 0 && running.Count < options.Concurrency; left--)
        {
            var identity = waiting.Dequeue();
            if (running.Contains(identity))
            {
                waiting.Enqueue(identity);
                continue;
            }

            var offer = offers[identity];
            running.Add(identity);
            Context.PipeToSelf(ending => CarryOutAsync(identity, offer, ending));
        }
    }

    private async Task<ProviderMessage> CarryOutAsync(IdentityId identity, Offer offer, CancellationToken ending)
    {
        try
        {
            return new ProviderMessage.Done(identity, await deliverer.DeliverAsync(identity, offer, ending).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return new ProviderMessage.Done(identity, RestUntil: null);
        }
    }

    private void Rest(DateTimeOffset until)
    {
        restUntil = until;
        LogResting(until);
    }

    [LoggerMessage(3401, LogLevel.Warning, "The queue is full ({QueueMax}); further deliveries are offered again later.")]
    private partial void LogQueueFull(int queueMax);

    [LoggerMessage(3402, LogLevel.Information, "Resting until {Until}.")]
    private partial void LogResting(DateTimeOffset until);
}
