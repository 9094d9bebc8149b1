using Spectre.Console;

namespace CtSeg.TrainingJob.Registry;

/// <summary>A table for people: framed on a terminal, columns parted by tabs in a pipe.</summary>
internal sealed class Table(params IReadOnlyList<string> headers)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    public void Add(params IReadOnlyList<string> cells) => _rows.Add(cells);

    public void Write()
    {
        if (Console.IsOutputRedirected)
            WritePlain(Console.Out);
        else
            WriteFramed(AnsiConsole.Console);
    }

    public void WritePlain(TextWriter output)
    {
        foreach (var row in _rows.Prepend(headers))
            output.WriteLine(string.Join('\t', row.Select(cell => cell.ReplaceLineEndings(" ").Replace('\t', ' '))));
    }

    public void WriteFramed(IAnsiConsole terminal)
    {
        var table = new Spectre.Console.Table().RoundedBorder();
        foreach (var header in headers)
            table.AddColumn(new TableColumn(Markup.Escape(header)));
        foreach (var row in _rows)
            table.AddRow([.. row.Select(Markup.Escape)]);
        terminal.Write(table);
    }
}
