namespace CtSeg.Local.Phantom;

/// <summary>Shapes by about their signed distance: negative inside. The picture is [-1, 1] in both axes, y downwards (front to back).</summary>
internal static class Shape
{
    public static double Ellipse(double x, double y, double centreX, double centreY, double radiusX, double radiusY)
    {
        double p = (x - centreX) / radiusX, q = (y - centreY) / radiusY;
        return (Math.Sqrt(p * p + q * q) - 1) * Math.Min(radiusX, radiusY);
    }

    /// <summary>Between an ellipse and a rounded rectangle, as the outline of a chest is.</summary>
    public static double Barrel(double x, double y, double centreX, double centreY, double radiusX, double radiusY)
    {
        double p = (x - centreX) / radiusX, q = (y - centreY) / radiusY;
        double round = p * p + q * q, square = Math.Sqrt(p * p * p * p + q * q * q * q);
        return (Math.Sqrt(0.55 * round + 0.45 * square) - 1) * Math.Min(radiusX, radiusY);
    }

    /// <summary>An ellipse whose first axis points along <paramref name="along"/>.</summary>
    public static double Tilted(double x, double y, double centreX, double centreY, (double X, double Y) along, double radiusAlong, double radiusAcross)
    {
        double dx = x - centreX, dy = y - centreY;
        return Ellipse(dx * along.X + dy * along.Y, dy * along.X - dx * along.Y, 0, 0, radiusAlong, radiusAcross);
    }

    /// <summary>Union with a fillet of about <paramref name="fillet"/>.</summary>
    public static double Join(double a, double b, double fillet)
    {
        double h = Math.Max(fillet - Math.Abs(a - b), 0) / fillet;
        return Math.Min(a, b) - h * h * fillet * 0.25;
    }

    /// <summary>What is in <paramref name="a"/> and not in <paramref name="b"/>, its corners rounded.</summary>
    public static double Cut(double a, double b, double fillet) => -Join(-a, b, fillet);
}
