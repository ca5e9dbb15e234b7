namespace PasswordSync.Ldap.Tests.Wire;

/// <summary>Random damage to a message: flipped bits, foreign bytes, lengths that lie, parts cut out, doubled or cut off.</summary>
internal static class Damage
{
    private static readonly byte[] Nasty = [0x00, 0x01, 0x24, 0x30, 0x31, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x85, 0xA0, 0xFE, 0xFF];

    public static byte[] Apply(Random random, byte[] original)
    {
        var bytes = original.ToList();
        for (var i = random.Next(4); i >= 0; i--)
        {
            // Damage near the start meets the structure more often than damage in some long value.
            var at = random.Next(2) == 0 ? random.Next(bytes.Count) : random.Next(Math.Min(bytes.Count, 32));
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = Nasty[random.Next(Nasty.Length)];
                    break;
                case 2:
                    bytes.Insert(at, Nasty[random.Next(Nasty.Length)]);
                    break;
                case 3:
                    bytes.RemoveRange(at, random.Next(Math.Min(8, bytes.Count - at)));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, random.Next(Math.Min(64, bytes.Count - at))));
                    break;
                default:
                    bytes.RemoveRange(at + 1, bytes.Count - at - 1);
                    break;
            }
        }

        return [.. bytes];
    }
}
