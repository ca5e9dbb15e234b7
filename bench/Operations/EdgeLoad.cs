using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Stamps;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Operations.Bench;

/// <summary>An edge that brings as many new captures of known people as the node delivers, never more than a bound ahead of it.</summary>
internal sealed class EdgeLoad : IDisposable
{
    private const int Batch = 50;
    private const int Senders = 4;
    private const int AheadMax = 1_000;
    private const int TargetsEach = 2;

    private readonly SemaphoreSlim ahead = new(AheadMax * TargetsEach);
    private readonly ConcurrentQueue<byte[]> ready = new();
    private HttpClient edge = null!;
    private PublicSealingKey key = null!;
    private long made;
    private long delivered;
    private int late;

    /// <summary>How many captures have come to all their targets, by the number of deliveries.</summary>
    public double Captures => Interlocked.Read(ref delivered) / (double)TargetsEach;

    /// <summary>How many batches were made while they were to be sent, since too few were prepared: their making is in the figures.</summary>
    public int MadeLate => late;

    /// <summary>To be told of every event of the node.</summary>
    public void Observe(IdentityId identity, IdentityEvent happened)
    {
        if (happened is not IdentityEvent.AttemptFinished { Outcome.IsSuccess: true }) return;
        Interlocked.Increment(ref delivered);
        ahead.Release();
    }

    /// <summary>Asks the node for the key that captures are sealed to. The client stays the caller's.</summary>
    public async Task ConnectAsync(HttpClient client)
    {
        edge = client;
        var configuration = (await edge.GetFromJsonAsync(EdgeConfiguration.Path, IntakeJson.Default.EdgeConfiguration))!;
        if (!PublicSealingKey.TryParse(configuration.SealingKeys[0].PublicKey, out var published)) throw new InvalidOperationException("The node published no key.");
        key = published;
    }

    public byte[] Seal(Guid captureId, DateTimeOffset at, string login) =>
        EnvelopeSealer.Seal(new EnvelopeDescription(captureId, at, 0, People.Cluster, People.Source.Value, People.DomainController, login), key, PasswordEncoding.Utf8, "Autumn.2026!"u8);

    /// <summary>Makes batches until so many captures are ready, sealed and written ahead: that is the domain controllers' work. Each is of the next person, who have turned round after all of them.</summary>
    public void Prepare(int captures, int people) => Parallel.For(0, Math.Max(0, (captures / Batch) - ready.Count), _ => ready.Enqueue(MakeBatch(people)));

    /// <summary>Brings captures, as many as the node delivers, until it is told to end; ends when all of them are delivered.</summary>
    public async Task RunAsync(int people, CancellationToken until)
    {
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => SendAllAsync(people, until)));
        for (var taken = 0; taken < AheadMax * TargetsEach; taken++) await ahead.WaitAsync(CancellationToken.None);
        ahead.Release(AheadMax * TargetsEach);
    }

    public void Dispose() => ahead.Dispose();

    private async Task SendAllAsync(int people, CancellationToken until)
    {
        await Task.Yield();
        while (!until.IsCancellationRequested)
        {
            if (!ready.TryDequeue(out var batch))
            {
                Interlocked.Increment(ref late);
                batch = MakeBatch(people);
            }

            await SendAsync(batch);
        }
    }

    private byte[] MakeBatch(int people)
    {
        var first = Interlocked.Add(ref made, Batch) - Batch;
        var items = ImmutableArray.CreateBuilder<IntakeItem>(Batch);
        var now = DateTimeOffset.UtcNow;
        for (var number = first; number < first + Batch; number++)
        {
            var (person, version) = ((int)(number % people), (uint)(People.LastVersion + 1 + (number / people)));
            var id = Guid.NewGuid();
            var stamp = new ProvenStamp(version, Stamp.ToOriginatingSecond(now), People.InvocationId);
            items.Add(new ConfirmedCapture(new CaptureId(id), People.ObjectGuid(person), stamp, People.Names(person), [People.Scope], now, now, now, Seal(id, now, People.Login(person))));
        }

        return JsonSerializer.SerializeToUtf8Bytes(new IntakeBatch(People.Source, People.DomainController, "bench", items.MoveToImmutable()), IntakeJson.Default.IntakeBatch);
    }

    private async Task SendAsync(byte[] batch)
    {
        for (var taken = 0; taken < Batch * TargetsEach; taken++) await ahead.WaitAsync();
        using var content = new ByteArrayContent(batch);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await edge.PostAsync(IntakeBatch.Path, content);
        response.EnsureSuccessStatusCode();
        var answer = (await response.Content.ReadFromJsonAsync(IntakeJson.Default.IntakeAnswer))!;
        var refused = answer.Captures.FirstOrDefault(capture => capture.Kind != AnswerKind.Accepted);
        if (refused is not null) throw new InvalidOperationException($"A capture was answered with {refused.Kind}: {refused.Reason} {refused.Detail}");
    }
}
