using PasswordSync.Ldap.Tests.Support;
using PasswordSync.Ldap.Wire;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Wire;

/// <summary>
/// Recorded messages with random damage. Whatever comes, the reader answers with an <see cref="LdapException"/> or a value, in time and
/// memory that the length of the input bounds. The same damage in every run; <c>PASSWORDSYNC_LONG=1</c> runs a hundred times as much, of
/// another seed each time.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int MessageSizeMax = 1024 * 1024;

    /// <summary>What one message may cost: an attribute of few bytes becomes objects of some hundred.</summary>
    private const int AllocationBase = 64 * 1024;
    private const int AllocationPerByte = 400;

    private static bool IsLong => Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1";

    private static int Rounds => IsLong ? 2_000_000 : 20_000;

    [Fact]
    public void Recorded_messages_are_read()
    {
        foreach (var message in Recorded.All) Should.NotThrow(() => AnyAnswer.Read(message));
    }

    [Fact]
    public void Damaged_messages_are_refused_or_read_and_never_anything_else()
    {
        var seed = Seed();
        var random = new Random(seed);
        var refused = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var damaged = Damage.Apply(random, Recorded.All[random.Next(Recorded.All.Count)]);
            if (AllocatedBy(() => Refusal(seed, round, damaged) is not null, damaged.Length, out var wasRefused) is { } tooMuch)
            {
                throw new InvalidOperationException($"Seed {seed}, round {round}: {tooMuch} bytes allocated for message {Convert.ToHexString(damaged)}");
            }

            if (wasRefused) refused++;
        }

        output.WriteLine($"{refused} refused");
        refused.ShouldBeInRange(1, Rounds - 1);
    }

    [Fact]
    public void Damaged_streams_are_cut_into_messages_or_refused()
    {
        var seed = Seed();
        var random = new Random(seed);
        for (var round = 0; round < Rounds / 4; round++)
        {
            var whole = Enumerable.Range(0, 1 + random.Next(3)).SelectMany(_ => Recorded.All[random.Next(Recorded.All.Count)]).ToArray();
            var damaged = Damage.Apply(random, whole);
            var allocated = AllocatedBy(() => Cut(damaged), damaged.Length, out var cut);
            cut.ShouldBe(true, $"Seed {seed}, round {round}");
            allocated.ShouldBeNull($"Seed {seed}, round {round}");
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Damaged_answers_never_leave_a_request_hanging()
    {
        var seed = Seed();
        var random = new Random(seed);
        for (var round = 0; round < Rounds / 20; round++)
        {
            var answer = Damage.Apply(random, [.. Answers.Entry(1, "dc=x", ("cn", ["x"])), .. Answers.SearchDone(1)]);
            await using var pipeline = new LdapPipeline(new AnsweringStream(answer), "test", new LdapOptions(), firstMessageId: 1, TimeProvider.System);
            var search = new SearchResponse(new LdapOptions());
            try
            {
                await pipeline.AskAsync(Requests.Read("dc=x"), search, isAlone: false, CancellationToken.None);
                search.Response.Result.ShouldNotBeNull();
            }
            catch (LdapException e)
            {
                e.Kind.ShouldBeOneOf(LdapErrorKind.ProtocolError, LdapErrorKind.Closed, LdapErrorKind.BoundExceeded);
                e.Message.ShouldNotContain("Internal error", Case.Sensitive, $"Seed {seed}, round {round}, answer {Convert.ToHexString(answer)}");
            }
        }
    }

    [Fact]
    public void Damaged_filters_are_refused_as_a_format_or_read_back_to_the_same()
    {
        string[] filters =
        [
            "(&(objectClass=user)(!(cn=a*b*c))(|(mail=*@example.test)(userAccountControl:1.2.840.113556.1.4.803:=2)))",
            "(objectGUID=\\01\\02\\ff\\00)", "(cn:dn:caseIgnoreMatch:=Fred)", "(age>=21)", "(age<=21)", "(name~=smith)", "(cn=*)",
        ];
        const string alphabet = "()&|!=<>~*:\\;-.0aZ€ \0";
        var seed = Seed();
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var text = filters[random.Next(filters.Length)].ToList();
            for (var i = random.Next(4); i >= 0; i--)
            {
                var at = random.Next(text.Count);
                if (random.Next(3) == 0 && text.Count > 1) text.RemoveAt(at);
                else text.Insert(at, alphabet[random.Next(alphabet.Length)]);
            }

            var damaged = new string([.. text]);
            try
            {
                var written = LdapFilter.Parse(damaged).ToString();
                LdapFilter.Parse(written).ToString().ShouldBe(written, $"Seed {seed}, round {round}, filter {damaged}");
            }
            catch (FormatException)
            {
                // Refused.
            }
        }
    }

    /// <summary>Null if the message was read, else the refusal.</summary>
    private static LdapException? Refusal(int seed, int round, byte[] damaged)
    {
        try
        {
            AnyAnswer.Read(damaged);
            return null;
        }
        catch (LdapException e)
        {
            e.Kind.ShouldBe(LdapErrorKind.ProtocolError);
            return e;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Seed {seed}, round {round}, message {Convert.ToHexString(damaged)}", e);
        }
    }

    /// <summary>Whether the stream was cut into messages that make it up, or refused as it should be. Reading from memory ends without leaving the thread.</summary>
    private static bool Cut(byte[] damaged)
    {
        using var stream = new MemoryStream(damaged);
        var total = 0;
        try
        {
            while (MessageReader.ReadAsync(stream, MessageSizeMax, CancellationToken.None).GetAwaiter().GetResult() is { } message) total += message.Length;
            return total == damaged.Length;
        }
        catch (LdapException e)
        {
            return total <= damaged.Length && (e.Kind is LdapErrorKind.ProtocolError or LdapErrorKind.Closed or LdapErrorKind.BoundExceeded);
        }
    }

    /// <summary>
    /// What reading costs the thread, if that is more than the bound; else null. What exceeds it is read again: what the input costs it costs every time, and what
    /// the runtime needs now and then for itself it does not.
    /// </summary>
    private static long? AllocatedBy(Func<bool> read, int length, out bool result)
    {
        const int readsMax = 5;
        for (var reads = 1; ; reads++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            result = read();
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated <= AllocationBase + ((long)AllocationPerByte * length)) return null;
            if (reads == readsMax) return allocated;
        }
    }

    private int Seed()
    {
        var seed = IsLong ? Environment.TickCount : 4511;
        output.WriteLine($"seed {seed}, {Rounds} rounds");
        return seed;
    }
}
