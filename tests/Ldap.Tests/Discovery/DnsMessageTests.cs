using System.Net;
using System.Text;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Discovery;

/// <summary>Answers of DNS, well-formed and hostile.</summary>
public sealed class DnsMessageTests
{
    private const string Name = "_ldap._tcp.dc._msdcs.beta.test";
    private static readonly byte[] Question = DnsMessage.Ask(0x1234, Name, DnsMessage.Service);

    [Fact]
    public void Services_are_read_with_a_name_that_points_back_into_the_question()
    {
        // The last two labels of the question begin at byte 33.
        byte[] answer = [.. Answer(2), .. Service(1, 5, 389, "dc1", 33), .. Service(0, 0, 3268, "dc2", 33)];

        DnsMessage.Answers(answer, Question).ShouldBeTrue();
        DnsMessage.ReadServices(answer, Question.Length).ShouldBe([new ServiceRecord(1, 5, "dc1.beta.test", 389), new ServiceRecord(0, 0, "dc2.beta.test", 3268)]);
    }

    [Fact]
    public void Answer_to_another_question_is_none()
    {
        byte[] answer = [.. Answer(1), .. Service(0, 0, 389, "dc1", 33)];

        DnsMessage.Answers(answer, DnsMessage.Ask(0x1235, Name, DnsMessage.Service)).ShouldBeFalse();
        DnsMessage.Answers(answer, DnsMessage.Ask(0x1234, Name.Replace("beta", "evil"), DnsMessage.Service)).ShouldBeFalse();
        DnsMessage.Answers(answer, DnsMessage.Ask(0x1234, Name, DnsMessage.AddressV4)).ShouldBeFalse();
        DnsMessage.Answers(Question, Question).ShouldBeFalse("a question is no answer");
        DnsMessage.Answers([], Question).ShouldBeFalse();
    }

    [Fact]
    public void Unknown_name_is_an_empty_answer_and_a_refusal_a_failure()
    {
        var (unknown, refused) = (Answer(0), Answer(0));
        unknown[3] |= 3;
        refused[3] |= 5;

        DnsMessage.ReadServices(unknown, Question.Length).ShouldBeEmpty();
        Should.Throw<DnsException>(() => DnsMessage.ReadServices(refused, Question.Length)).Message.ShouldContain("code 5");
    }

    [Fact]
    public void Answer_cut_at_any_byte_or_changed_at_any_byte_ends_in_records_or_in_a_failure()
    {
        byte[] answer = [.. Answer(2), .. Service(1, 5, 389, "dc1", 33), .. Service(0, 0, 389, "dc2", 33)];
        for (var at = Question.Length; at < answer.Length; at++)
        {
            Should.Throw<DnsException>(() => DnsMessage.ReadServices(answer[..at], Question.Length));
            foreach (var value in (byte[])[0, 1, 63, 64, 0x7F, 0xC0, 0xFF])
            {
                var changed = (byte[])answer.Clone();
                changed[at] = value;
                try
                {
                    DnsMessage.ReadServices(changed, Question.Length).Count.ShouldBeLessThanOrEqualTo(2);
                }
                catch (DnsException)
                {
                    // The other permitted end.
                }
            }
        }
    }

    [Fact]
    public void Pointer_that_leads_to_itself_ends()
    {
        var start = Question.Length;
        byte[] answer = [.. Answer(1), 0xC0, (byte)start, 0, 33, 0, 1, 0, 0, 0, 0, 0, 0];

        Should.Throw<DnsException>(() => DnsMessage.ReadServices(answer, Question.Length));
    }

    [Fact]
    public void Addresses_of_both_versions_are_read_and_aliases_passed_over()
    {
        var question = DnsMessage.Ask(1, "dc1.beta.test", DnsMessage.AddressV4);
        byte[] answer =
        [
            .. Head(question, 3),
            0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2, 0xC0, 16,
            0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 7,
            0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 3, 10, 0, 0,
        ];

        DnsMessage.ReadAddresses(answer, question.Length).ShouldBe([IPAddress.Parse("10.0.0.7")]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("beta..test")]
    [InlineData("bäta.test")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123.test")]
    public void Name_that_is_none_is_not_asked_for(string name) => Should.Throw<ArgumentException>(() => DnsMessage.Ask(1, name, DnsMessage.Service));

    [Fact]
    public void Order_is_by_priority_and_within_one_by_weighted_lot()
    {
        ServiceRecord[] records = [new(10, 0, "late", 389), new(0, 10, "light", 389), new(0, 90, "heavy", 389), new(0, 0, "none", 389)];

        ServiceOrder.Of(records, _ => 0).Select(record => record.Host).ShouldBe(["none", "light", "heavy", "late"]);
        ServiceOrder.Of(records, bound => bound - 1).Select(record => record.Host).ShouldBe(["heavy", "light", "none", "late"]);
    }

    private static byte[] Answer(byte count) => Head(Question, count);

    private static byte[] Head(byte[] question, byte count)
    {
        var head = (byte[])question.Clone();
        head[2] |= 0x80;
        head[7] = count;
        return head;
    }

    /// <summary>A record of the question's own name, whose host ends with a pointer.</summary>
    private static byte[] Service(byte priority, byte weight, ushort port, string host, byte pointer)
    {
        byte[] data = [0, priority, 0, weight, (byte)(port >> 8), (byte)port, (byte)host.Length, .. Encoding.ASCII.GetBytes(host), 0xC0, pointer];
        return [0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, (byte)data.Length, .. data];
    }
}
