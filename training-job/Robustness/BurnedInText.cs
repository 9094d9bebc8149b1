using CtSeg.Imaging;

namespace CtSeg.TrainingJob.Robustness;

/// <summary>Text as scanners and viewers burn it into the corners of a slice, and what remains after it was masked.</summary>
internal static class BurnedInText
{
    // Height and width of a letter, with the gap to the next; 512 pixels of slice make dots of 2 pixels.
    private const int LetterHeight = 7;
    private const int LetterWidth = 6;
    private const int SideOfOneDot = 256;
    private const byte Ink = 255;
    private static readonly string[] Lines = ["20200314", "W1400-500", "120"];

    // Rows of dots, the highest of five bits on the left.
    private static readonly Dictionary<char, int[]> Letters = new()
    {
        ['0'] = [14, 17, 19, 21, 25, 17, 14],
        ['1'] = [4, 12, 4, 4, 4, 4, 14],
        ['2'] = [14, 17, 1, 2, 4, 8, 31],
        ['3'] = [31, 2, 4, 2, 1, 17, 14],
        ['4'] = [2, 6, 10, 18, 31, 2, 2],
        ['5'] = [31, 16, 30, 1, 1, 17, 14],
        ['W'] = [17, 17, 17, 21, 21, 27, 17],
        ['-'] = [0, 0, 0, 31, 0, 0, 0],
    };

    /// <summary>Three lines in every corner.</summary>
    public static GreyImage Write(GreyImage slice) => Draw(slice, (pixels, dot, left, top, text) =>
    {
        for (var letter = 0; letter < text.Length; letter++)
        {
            for (var at = 0; at < LetterHeight * (LetterWidth - 1); at++)
            {
                var (row, column) = (at / (LetterWidth - 1), at % (LetterWidth - 1));
                if ((Letters[text[letter]][row] >> (LetterWidth - 2 - column) & 1) == 1)
                    Fill(pixels, slice, left + (((letter * LetterWidth) + column) * dot), top + (row * dot), dot, dot, Ink);
            }
        }
    });

    /// <summary>Black boxes where <see cref="Write"/> writes.</summary>
    public static GreyImage Mask(GreyImage slice) => Draw(slice, (pixels, dot, left, top, text) =>
        Fill(pixels, slice, left - dot, top - dot, ((text.Length * LetterWidth) + 1) * dot, (LetterHeight + 2) * dot, 0));

    private static GreyImage Draw(GreyImage slice, Action<byte[], int, int, int, string> draw)
    {
        var pixels = slice.Pixels.ToArray();
        var dot = Math.Max(1, Math.Min(slice.Width, slice.Height) / SideOfOneDot);
        var step = (LetterHeight + 2) * dot;
        for (var line = 0; line < Lines.Length; line++)
        {
            var right = slice.Width - ((Lines[line].Length * LetterWidth) + 2) * dot;
            foreach (var left in new[] { 2 * dot, right })
            {
                draw(pixels, dot, left, (2 * dot) + (line * step), Lines[line]);
                draw(pixels, dot, left, slice.Height - ((Lines.Length - line) * step), Lines[line]);
            }
        }
        return new GreyImage(slice.Width, slice.Height, pixels);
    }

    private static void Fill(byte[] pixels, GreyImage slice, int left, int top, int width, int height, byte value)
    {
        for (var row = Math.Max(0, top); row < Math.Min(slice.Height, top + height); row++)
        {
            for (var column = Math.Max(0, left); column < Math.Min(slice.Width, left + width); column++)
                pixels[(row * slice.Width) + column] = value;
        }
    }
}
