using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests;

public sealed class AuditChainTests
{
    private static readonly AuditEntry Entry = new(DateTimeOffset.UnixEpoch.AddDays(20_000), "ada", "127.0.0.1", "node-1", "sync point pause", "done", "point=mail", null, "paused");

    public static TheoryData<string> Tamperings => ["when", "who", "from", "node", "what", "stage", "request", "before", "after", "removed", "swapped", "moved"];

    [Fact]
    public void The_hash_of_a_record_is_the_same_for_ever() =>
        AuditChain.HashOf(AuditChain.Beginning, 1, Entry).ShouldBe("4453b5f30232fb5ba488b221e441eedae71c010c1b12c993829855b0463bb272");

    [Theory, MemberData(nameof(Tamperings))]
    public void Whatever_is_changed_breaks_the_chain_there(string what)
    {
        var records = Chain(5);
        AuditChain.FindBreak(AuditChain.Beginning, 1, records).ShouldBeNull();

        var third = records[2].Entry;
        IReadOnlyList<AuditRecord> changed = what switch
        {
            "removed" => [.. records[..2], .. records[3..]],
            "swapped" => [.. records[..2], records[3], records[2], records[4]],
            "moved" => With(records, third with { Operator = third.Operator + third.Origin[..1], Origin = third.Origin[1..] }),
            "when" => With(records, third with { At = third.At.AddMinutes(1) }),
            "who" => With(records, third with { Operator = "bob" }),
            "from" => With(records, third with { Origin = "::1" }),
            "node" => With(records, third with { Node = "node-2" }),
            "what" => With(records, third with { Operation = "sync point resume" }),
            "stage" => With(records, third with { Stage = "refused" }),
            "request" => With(records, third with { Request = "point=file" }),
            "before" => With(records, third with { Before = "" }),
            _ => With(records, third with { After = null }),
        };

        AuditChain.FindBreak(AuditChain.Beginning, 1, changed).ShouldBe(3);
    }

    private static List<AuditRecord> With(List<AuditRecord> records, AuditEntry third) => [.. records[..2], records[2] with { Entry = third }, .. records[3..]];

    private static List<AuditRecord> Chain(int length)
    {
        var (records, before) = (new List<AuditRecord>(), AuditChain.Beginning);
        for (var number = 1; number <= length; number++)
        {
            var entry = Entry with { At = Entry.At.AddSeconds(number), Request = $"point=mail{number}" };
            before = AuditChain.HashOf(before, number, entry);
            records.Add(new AuditRecord(number, entry, before));
        }

        return records;
    }
}
