using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace PasswordSync.Ldap;

/// <summary>A server that DNS names for a service (RFC 2782).</summary>
/// <param name="Priority">The lowest is tried first.</param>
/// <param name="Weight">The share among those of one priority.</param>
/// <param name="Host">Its name, without the last dot.</param>
/// <param name="Port">Its TCP port.</param>
public sealed record ServiceRecord(int Priority, int Weight, string Host, int Port);

/// <summary>What of RFC 1035 a question for services and addresses needs. Everything in an answer is taken for hostile.</summary>
internal static class DnsMessage
{
    public const ushort AddressV4 = 1;
    public const ushort AddressV6 = 28;
    public const ushort Service = 33;

    /// <summary>The most records of an answer that are looked at.</summary>
    public const int RecordsMax = 512;

    private const int HeaderBytes = 12;
    private const ushort Internet = 1;
    private const int LabelMax = 63;
    private const int NameMax = 255;
    private const int PointersMax = 32;
    private const byte PointerBits = 0xC0;
    private const byte Truncated = 0x02;
    private const byte RecursionDesired = 0x01;
    private const byte Response = 0x80;
    private const int NoSuchName = 3;

    /// <summary>A question.</summary>
    /// <exception cref="ArgumentException">The name is none of DNS.</exception>
    public static byte[] Ask(ushort id, string name, ushort type)
    {
        var message = new List<byte>(HeaderBytes + name.Length + 6) { (byte)(id >> 8), (byte)id, RecursionDesired, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
        foreach (var label in name.Split('.'))
        {
            if (label.Length is 0 or > LabelMax || !Ascii.IsValid(label)) throw new ArgumentException($"'{name}' is no DNS name.", nameof(name));
            message.Add((byte)label.Length);
            message.AddRange(Encoding.ASCII.GetBytes(label));
        }

        if (message.Count - HeaderBytes >= NameMax) throw new ArgumentException($"'{name}' is longer than {NameMax} bytes.", nameof(name));
        message.AddRange([0, (byte)(type >> 8), (byte)type, 0, (byte)Internet]);
        return [.. message];
    }

    /// <summary>Whether a message is the answer to a question: same id, same question.</summary>
    public static bool Answers(ReadOnlySpan<byte> answer, ReadOnlySpan<byte> question) =>
        answer.Length >= question.Length && answer[..2].SequenceEqual(question[..2]) && (answer[2] & Response) != 0 && EqualsIgnoringCase(answer[HeaderBytes..question.Length], question[HeaderBytes..]);

    public static bool IsTruncated(ReadOnlySpan<byte> answer) => (answer[2] & Truncated) != 0;

    /// <summary>The services of an answer.</summary>
    /// <exception cref="DnsException">The server refused, or the answer is damaged.</exception>
    public static IReadOnlyList<ServiceRecord> ReadServices(byte[] answer, int questionLength)
    {
        var services = new List<ServiceRecord>();
        foreach (var (type, data) in ReadRecords(answer, questionLength))
        {
            if (type != Service) continue;
            var fixedPart = answer.AsSpan(data);
            if (fixedPart.Length < 7) throw Damaged();
            var position = data.Start.Value + 6;
            var host = ReadName(answer, ref position);

            // A single dot says that there is decidedly no such service.
            if (host.Length > 0) services.Add(new ServiceRecord(BinaryPrimitives.ReadUInt16BigEndian(fixedPart), BinaryPrimitives.ReadUInt16BigEndian(fixedPart[2..]), host, BinaryPrimitives.ReadUInt16BigEndian(fixedPart[4..])));
        }

        return services;
    }

    /// <summary>The addresses of an answer, also those at the end of a chain of aliases.</summary>
    /// <exception cref="DnsException">The server refused, or the answer is damaged.</exception>
    public static IReadOnlyList<IPAddress> ReadAddresses(byte[] answer, int questionLength) =>
    [
        .. from record in ReadRecords(answer, questionLength)
           let data = answer[record.Data]
           where (record.Type == AddressV4 && data.Length == 4) || (record.Type == AddressV6 && data.Length == 16)
           select new IPAddress(data),
    ];

    private static List<(ushort Type, Range Data)> ReadRecords(byte[] answer, int questionLength)
    {
        var code = answer[3] & 0x0F;
        if (code == NoSuchName) return [];
        if (code != 0) throw new DnsException($"The DNS server answered with code {code}.");
        var count = Math.Min((int)BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(6)), RecordsMax);
        var position = questionLength;
        var records = new List<(ushort, Range)>(count);
        for (var i = 0; i < count; i++)
        {
            _ = ReadName(answer, ref position);
            if (answer.Length - position < 10) throw Damaged();
            var type = BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(position));
            var length = BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(position + 8));
            position += 10;
            if (answer.Length - position < length) throw Damaged();
            records.Add((type, position..(position + length)));
            position += length;
        }

        return records;
    }

    /// <summary>Reads a name with its pointers, each of which must lead backwards, and moves on behind it.</summary>
    private static string ReadName(byte[] message, ref int position)
    {
        var name = new StringBuilder();
        var (at, end, pointers) = (position, -1, 0);
        while (true)
        {
            if (at >= message.Length) throw Damaged();
            var length = message[at++];
            if (length == 0) break;
            if ((length & PointerBits) == PointerBits)
            {
                if (at >= message.Length || ++pointers > PointersMax) throw Damaged();
                var target = ((length & ~PointerBits) << 8) | message[at++];
                if (target >= at - 2) throw Damaged();
                if (end < 0) end = at;
                at = target;
                continue;
            }

            if (length > LabelMax || at + length > message.Length || name.Length + length >= NameMax) throw Damaged();
            if (name.Length > 0) name.Append('.');
            name.Append(Encoding.ASCII.GetString(message, at, length));
            at += length;
        }

        position = end < 0 ? at : end;
        return name.ToString();
    }

    private static bool EqualsIgnoringCase(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(one, other);

    private static DnsException Damaged() => new("The DNS server's answer is damaged.");
}

/// <summary>A question to DNS has no usable answer. The message is for people.</summary>
internal sealed class DnsException(string message, Exception? inner = null) : Exception(message, inner);
