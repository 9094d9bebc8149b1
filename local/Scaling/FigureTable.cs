using System.Globalization;
using System.Text;
using Spectre.Console;

namespace CtSeg.Local.Scaling;

/// <summary>A table as it stands in a page of docs/, and on a terminal.</summary>
internal sealed record FigureTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        Append(text, Columns);
        Append(text, [.. Columns.Select(_ => "---")]);
        foreach (var row in Rows)
            Append(text, row);
        return text.ToString();
    }

    /// <summary>In a pipe or a file it is Markdown.</summary>
    public void Print(IAnsiConsole console)
    {
        var writer = console.Profile.Out.Writer;
        if (!console.Profile.Out.IsTerminal)
        {
            writer.WriteLine($"{Title}\n\n{ToMarkdown()}");
            return;
        }
        var table = new Table().Border(TableBorder.Simple).Title(Markup.Escape(Title));
        foreach (var column in Columns)
            table.AddColumn(Markup.Escape(column));
        foreach (var row in Rows)
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        console.Write(table);
    }

    /// <summary>With three figures that count, and never with an exponent.</summary>
    public static string Number(double value)
    {
        if (value == 0)
            return "0";
        var digits = Math.Clamp(2 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 9);
        return value.ToString("#,0." + new string('#', digits), CultureInfo.InvariantCulture);
    }

    public static string Money(double value) =>
        value.ToString(value is 0 or >= 1 ? "#,0.00" : "0.0000", CultureInfo.InvariantCulture);

    private static void Append(StringBuilder text, IReadOnlyList<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
